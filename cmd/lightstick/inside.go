package main

// What an image FROM scratch does not have and the binary therefore brings along. Both are used only
// where the machine has none of its own.
import (
	_ "time/tzdata"

	_ "golang.org/x/crypto/x509roots/fallback"
)
