package main

import (
	"lightstick/internal/app"
)

type openapiCmd struct{}

func (openapiCmd) Run(e *env) error { return app.WriteOpenAPI(e.stdout) }
