package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/andybalholm/brotli"

	"lightstick/internal/edge"
	"lightstick/internal/fault"
)

//go:embed assets
var assetFiles embed.FS

// assets are the stylesheet and the script, hashed into their names and compressed once at start.
// The script is one module per language: its texts stand in front of its code, so that they cost
// no byte of any page.
type assets struct {
	files  map[string]*asset // by name in the address
	style  string            // address
	script map[string]string // address by language
	static map[string][]byte // what has a fixed address
}

type asset struct {
	contentType     string
	etag            string
	plain, gzip, br []byte
}

func newAssets(ls *Locales) (*assets, error) {
	a := &assets{files: map[string]*asset{}, script: map[string]string{}, static: map[string][]byte{}}
	css, err := joined("assets/css")
	if err != nil {
		return nil, err
	}
	if a.style, err = a.add("app", "css", "text/css; charset=utf-8", append(css, hueCSS()...)); err != nil {
		return nil, err
	}
	js, err := joined("assets/js")
	if err != nil {
		return nil, err
	}
	for _, p := range ls.All() {
		texts, err := p.scriptTexts()
		if err != nil {
			return nil, err
		}
		if a.script[p.Tag], err = a.add("app."+p.Tag, "js", "text/javascript; charset=utf-8", append(texts, js...)); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"favicon.svg", "favicon.ico"} {
		if a.static[name], err = assetFiles.ReadFile("assets/" + name); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// joined is all files of a folder, in the order of their names, without indents and comment lines.
func joined(dir string) ([]byte, error) {
	files, err := fs.ReadDir(assetFiles, dir)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, f := range files {
		raw, err := assetFiles.ReadFile(path.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(raw)) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "/*") && strings.HasSuffix(line, "*/") {
				continue
			}
			out.WriteString(line + "\n")
		}
	}
	return out.Bytes(), nil
}

// scriptTexts is the texts of the script in one language, as its first statement.
func (p *Printer) scriptTexts() ([]byte, error) {
	texts := map[string]any{}
	for k, v := range p.plain {
		if name, ok := strings.CutPrefix(k, "js."); ok {
			texts[name] = v
		}
	}
	for k, v := range p.plural {
		if name, ok := strings.CutPrefix(k, "js."); ok {
			texts[name] = v
		}
	}
	for _, name := range reactionNames() {
		texts["r_"+name] = p.T("reaction." + name)
	}
	raw, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	return []byte("const T=" + string(raw) + ";\n"), nil
}

func (a *assets) add(name, ext, contentType string, body []byte) (string, error) {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:5])
	f := &asset{contentType: contentType, etag: hash, plain: body}
	var gz bytes.Buffer
	w, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(body); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	f.gzip = gz.Bytes()
	var br bytes.Buffer
	// Quality 11 would cost half a second of the start. The window is as large as a file ever is: with
	// the usual one each writer takes 32 MB, which the process would keep for minutes.
	bw := brotli.NewWriterOptions(&br, brotli.WriterOptions{Quality: 9, LGWin: 16})
	if _, err := bw.Write(body); err != nil {
		return "", err
	}
	if err := bw.Close(); err != nil {
		return "", err
	}
	f.br = br.Bytes()
	file := name + "." + hash + "." + ext
	a.files[file] = f
	return "/assets/" + file, nil
}

func (s *Site) asset(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.assets.files[r.PathValue("file")]
	if !ok {
		return fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Vary", "Accept-Encoding")
	body, etag := f.plain, f.etag
	switch accept := r.Header.Get("Accept-Encoding"); {
	case strings.Contains(accept, "br") && r.Header.Get("Range") == "":
		body, etag = f.br, f.etag+"-br"
		h.Set("Content-Encoding", "br")
	case strings.Contains(accept, "gzip") && r.Header.Get("Range") == "":
		body, etag = f.gzip, f.etag+"-gz"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}

// file serves what browsers look for under a fixed name.
func (s *Site) file(name string) edge.Handler {
	types := map[string]string{".svg": "image/svg+xml", ".ico": "image/x-icon"}
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", types[path.Ext(name)])
		_, err := w.Write(s.assets.static[name])
		return err
	}
}
