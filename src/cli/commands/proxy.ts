import { isRunHere, leaves } from '../../config/leaves.ts';
import type { Problem } from '../../config/source.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { addForeignOptions } from '../options/foreign-options.ts';
import { addConfigOptions, loadArguments, readArguments, type Given } from '../options/load-arguments.ts';
import { readRunOptions, runOptions } from '../target/one-server.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const background = {
  flags: '--background',
  help: 'Go to the background once it serves, as usher run does',
  group: 'Server',
} as const satisfies SimpleOption;
const { foreground: _, ...shared } = runOptions;
const proxyOptions = [background, ...Object.values(shared)];
const proxyLeaves = leaves.filter((leaf) => !isRunHere(leaf));

/** `usher proxy NAME --target-uri URL [flags]` */
export const proxyCommand: CommandModule = {
  build() {
    const command = buildCommand('usher proxy', {
      summary:
        'Puts Usher in front of an MCP server that runs already, under a name, and stays in the terminal. The server stands in the MCP clients of this machine while it runs.',
      usage: 'NAME --target-uri URL [options]',
      examples: [
        'usher proxy countries --target-uri http://localhost:8091 --port 3000 \\\n  --oidc-issuer https://example.okta.com/oauth2/aus1 --oidc-audience mcpserver',
        '# Sign in yourself, at the provider that the server names\nusher proxy linear --target-uri https://mcp.example.com/mcp --remote-auth',
      ],
    });
    addForeignOptions(addSimpleOptions(command, proxyOptions));
    return addConfigOptions(command, proxyLeaves);
  },
  async execute(command, context) {
    const { tail, environment } = context;
    const { operands, problems: unknown } = sortLeftovers(command);
    const [name, second] = operands;
    const problems: Problem[] = [];
    const values = new SimpleValues(command, environment);
    const choices = readRunOptions(values, problems);
    problems.push(...values.problems);
    if (name === undefined && unknown.length === 0)
      problems.push({
        where: 'NAME',
        what: 'is missing; give the server a name, for example: usher proxy countries --target-uri URL',
      });
    if (second !== undefined || tail !== undefined) {
      problems.push({ where: 'arguments', what: 'are too many: expected one NAME; put values with spaces in quotes' });
    }
    const given: Given = {
      leaves: proxyLeaves,
      problems,
      oneServer: {
        ...(name === undefined ? {} : { name }),
        spelling: {
          upstream: '--target-uri',
          upstreamAdvice: 'give the URL of the MCP server, for example http://127.0.0.1:8001/mcp',
        },
      },
      environment,
    };
    const loaded = loadArguments(command, given);
    const { runServer } = await import('../servers/run-server.ts');
    const isForeground = !values.isSet(background);
    return runServer({ loaded, read: () => readArguments(command, given), ...choices, isForeground, context });
  },
};
