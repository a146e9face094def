package media_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// doneBefore is how a store says that an upload with this Idempotency-Key is there already.
type doneBefore struct{}

func (doneBefore) Error() string       { return "already done" }
func (doneBefore) NothingStored() bool { return true }

// TestARepeatedUploadLeavesNoBlob: blobs without a row count for no quota.
func TestARepeatedUploadLeavesNoBlob(t *testing.T) {
	h := newHouse(t, nil)
	h.store.failing = fmt.Errorf("insert: %w", doneBefore{})
	_, err := h.Upload(t.Context(), owner, "", bytes.NewReader(jpegOf(t, quadrants(60, 40))))
	if _, ok := errors.AsType[doneBefore](err); !ok {
		t.Fatal(err)
	}
	h.mustBeEmpty(t)
}
