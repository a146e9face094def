package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// sbom lists the modules that the linker put into the binary, with the checksums of go.sum, and the
// standard library. Licences are not in a binary and so not in the list.
func (b build) sbom() ([]byte, error) {
	sum := sha256.Sum256(b.data)
	main := module(b.info.Main.Path, b.version, "")
	main.Type = cyclonedx.ComponentTypeApplication
	main.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}
	parts := []cyclonedx.Component{module("std", strings.TrimPrefix(b.info.GoVersion, "go"), "")}
	for _, d := range b.info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		parts = append(parts, module(d.Path, d.Version, d.Sum))
	}
	refs := make([]string, len(parts))
	for i := range parts {
		refs[i] = parts[i].BOMRef
	}
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{Timestamp: b.at.UTC().Format("2006-01-02T15:04:05Z"), Component: &main}
	bom.Components = &parts
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	var out bytes.Buffer
	err := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
	return out.Bytes(), err
}

func module(path, version, sum string) cyclonedx.Component {
	url := "pkg:golang/" + path + "@" + version
	c := cyclonedx.Component{Type: cyclonedx.ComponentTypeLibrary, BOMRef: url, PackageURL: url, Name: path, Version: version}
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:")); err == nil && len(raw) == sha256.Size {
		c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(raw)}}
	}
	return c
}

// statement is an in-toto statement with SLSA provenance, version 1 of both.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     predicate  `json:"predicate"`
}

type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest"`
}

type predicate struct {
	Definition struct {
		BuildType    string            `json:"buildType"`
		Parameters   map[string]string `json:"externalParameters"`
		Dependencies []resource        `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	Details struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
	} `json:"runDetails"`
}

// provenance says from which commit and with which Go the image was made. When it was is left out:
// two builds of a commit are the same.
func (b build) provenance(builder string, digest v1.Hash) statement {
	var p predicate
	p.Definition.BuildType = "urn:lightstick:build:go-scratch:1"
	p.Definition.Parameters = map[string]string{"version": b.version, "platform": b.os + "/" + b.arch, "go": b.info.GoVersion}
	for _, s := range b.info.Settings {
		p.Definition.Parameters[s.Key] = s.Value
	}
	p.Definition.Dependencies = []resource{{URI: "git+commit:" + b.revision, Digest: map[string]string{"gitCommit": b.revision}}}
	p.Details.Builder.ID = builder
	return statement{Type: "https://in-toto.io/Statement/v1", PredicateType: "https://slsa.dev/provenance/v1", Predicate: p,
		Subject: []resource{{Name: fmt.Sprintf("lightstick:%s", b.version), Digest: map[string]string{digest.Algorithm: digest.Hex}}}}
}
