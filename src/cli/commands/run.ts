import { leaves, workloadLeaf } from '../../config/leaves.ts';
import type { GivenFlag } from '../../config/read-flags.ts';
import type { Problem } from '../../config/source.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { fetchTarget } from '../target/fetch-target.ts';
import { addForeignOptions } from '../options/foreign-options.ts';
import { addConfigOptions, loadArguments, readArguments, type Given } from '../options/load-arguments.ts';
import { addRunOptions, oneServerOf, readRunOptions } from '../target/one-server.ts';
import { addPackageOptions, packageOptions } from '../options/package-options.ts';
import { readTarget } from '../target/read-target.ts';
import { resolveTarget } from '../target/resolve-target.ts';
import { SimpleValues } from '../options/simple-options.ts';

/** The target URL is an argument here. */
const runLeaves = leaves.filter(({ meta }) => meta.flag !== 'target-uri');

/** `usher run [flags] URL`, `usher run [flags] IMAGE|PACKAGE|NAME [-- ARG…]` and `usher run [flags] --target-port PORT -- COMMAND ARG…` */
export const runCommand: CommandModule = {
  build() {
    const command = buildCommand('usher run', {
      summary:
        'Puts Usher in front of an MCP server: one that runs at a URL, an image, or a package or command that is run beside it; also by its name in a registry. It goes to the background once the server serves, and writes it into the MCP clients of this machine.',
      usage:
        '[options] URL\n       usher run [options] IMAGE [-- ARG…]\n       usher run [options] npx:NAME|uvx:NAME|go:PATH [-- ARG…]\n       usher run [options] NAME [-- ARG…]\n       usher run [options] --target-port PORT -- COMMAND ARG…',
      examples: [
        "# Check callers' tokens, swap them for the back end's\nusher run --oidc-issuer https://example.okta.com/oauth2/aus1 \\\n  --oidc-audience mcpserver \\\n  --token-exchange-url https://example.okta.com/oauth2/aus2/v1/token \\\n  --token-exchange-client-id 0oa1gateway \\\n  --token-exchange-client-secret-file secret.txt \\\n  --token-exchange-audience backend --token-exchange-scopes backend-api:read \\\n  http://127.0.0.1:8001/mcp",
        '# Stay in the terminal, as in a container or under systemd\nusher run --foreground --anonymous http://127.0.0.1:8001/mcp',
        '# Run an image on Docker or Podman\nusher run --anonymous --volume ./config.yaml:/config.yaml:ro \\\n  ghcr.io/acme/server:1.2 -- /config.yaml',
        '# Run the MCP server as well\nusher run --anonymous --target-port 8001 -- node server.js --port 8001',
        '# The same with a server from npm\nusher run --anonymous --target-port 8001 npx:@acme/mcp-server@1.2.3 -- --port 8001',
      ],
    });
    addForeignOptions(addPackageOptions(addRunOptions(command)));
    return addConfigOptions(command, runLeaves);
  },
  async execute(command, context) {
    const { tail, environment } = context;
    const values = new SimpleValues(command, environment);
    const problems: Problem[] = [];
    const chosen = readRunOptions(values, problems);
    const { agree, ...target } = await resolveTarget(command, readTarget(command, tail), environment);
    const read: Given = {
      leaves: runLeaves,
      ...target,
      problems: [...target.problems, ...values.problems, ...problems],
      oneServer: oneServerOf(command),
      environment,
    };
    // What is wrong is said before anybody is asked, or anything is fetched.
    if (target.package !== undefined || agree !== undefined) readArguments(command, read);
    const image = await agree?.();
    const fetched = await fetchTarget(command, target, environment);
    if (fetched === undefined) return 0;
    const flags = image === undefined ? fetched : withImage(fetched, image);
    const given: Given = { ...read, flags };
    const loaded = loadArguments(command, given);
    const { runServer } = await import('../servers/run-server.ts');
    const allowsScripts = values.isSet(packageOptions.allowInstallScripts);
    return runServer({ loaded, read: () => readArguments(command, given), ...chosen, allowsScripts, context });
  },
};

/** Runs exactly this image, also after its tag has come to mean another. */
function withImage(flags: readonly GivenFlag[], image: string): readonly GivenFlag[] {
  return flags.map((flag) => (flag.leaf === workloadLeaf('image') ? { ...flag, texts: [image] } : flag));
}
