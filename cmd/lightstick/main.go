// Command lightstick runs and looks after a fan community. Each command is a short file here; the
// work is done by package app. Exit status: 0 done, 1 failed, 2 wrong use.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"lightstick/internal/app"
	"lightstick/internal/ops"
)

// version is stamped by the linker.
var version = "dev"

type cli struct {
	Serve       serveCmd       `cmd:"" help:"Serve the community: pages, REST API and background jobs."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database schema up to date."`
	Demo        demoCmd        `cmd:"" help:"Fill an empty community with the demo world, or a large one for benchmarks."`
	Admin       adminCmd       `cmd:"" help:"Make the first admin, or change who is one."`
	Backup      backupCmd      `cmd:"" help:"Write one file with the database and the pictures, while the site serves."`
	Restore     restoreCmd     `cmd:"" help:"Put a backup in place of an empty site, or with --force of another."`
	Export      exportCmd      `cmd:"" help:"Write the community as lines of JSON, to move it to another database."`
	Import      importCmd      `cmd:"" help:"Fill an empty community with an export."`
	Config      configCmd      `cmd:"" help:"Print the configuration in force and where each value came from, secrets masked."`
	Drill       drillCmd       `cmd:"" help:"Break something under load and judge what readers and writers saw."`
	OpenAPI     openapiCmd     `cmd:"" name:"openapi" help:"Print the OpenAPI 3.1 document of the REST API."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running server whether it is ready; for containers."`
	Version     versionCmd     `cmd:"" help:"Print the version."`

	VersionFlag kong.VersionFlag `name:"version" help:"Print the version."`
}

// env is what a command gets besides its flags.
type env struct {
	ctx    context.Context
	stdout io.Writer
	stderr io.Writer
	parsed *kong.Context
}

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	// Where what is printed goes may end before us; then writing fails, and that is all. Caught and not
	// ignored, for programs that we start inherit what is ignored.
	caught := []os.Signal{syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) { // by nohup
		ends = append(ends, syscall.SIGHUP)
		caught = append(caught, syscall.SIGHUP) // comes twice when a terminal goes away: once is enough
	}
	signal.Notify(make(chan os.Signal, 1), caught...)
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("lightstick"),
		kong.Description("Lightstick, the fan community that stays up when everyone shows up.\n\nEvery flag is also a variable LIGHTSTICK_<NAME> and a file named by LIGHTSTICK_<NAME>_FILE."),
		kong.UsageOnError(), kong.Vars{"version": version, "failover_cases": strings.Join(ops.FailoverCases(), ", ")}, kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }),
		kong.Resolvers(app.SecretFiles(os.LookupEnv)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "lightstick:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if exit == 0 { // --help was answered
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "lightstick: %v\nTry: lightstick --help\n", err)
		return 2
	}
	if err := parsed.Run(&env{ctx, stdout, stderr, parsed}); err != nil {
		fmt.Fprintln(stderr, "lightstick:", err)
		return 1
	}
	return 0
}

type versionCmd struct{}

func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.stdout, version)
	return err
}
