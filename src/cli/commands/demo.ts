import { reportUsage } from '../../config/report.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print } from '../print.ts';
import { refuseOperands } from '../options/require.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { watchStopSignal } from '../stop-signal.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const group = 'Demo';
/** Where the output is no terminal, or one that does not say how wide it is. */
const defaultColumns = 120;
const portHelp = 'busy ones are stepped over';

const options = {
  once: { flags: '--once', help: 'End when the story is told; 0 only when every step was as it should be', group },
  json: { flags: '--json', help: 'With --once: one JSON object instead of text', group },
  port: { flags: '--port <PORT>', help: `First port tried for the gateway; ${portHelp}`, group, byDefault: '8000' },
  idpHttpPort: {
    flags: '--idp-http-port <PORT>',
    help: 'First port tried for the plain-http side of the identity provider',
    group,
    byDefault: '9080',
  },
  idpHttpsPort: {
    flags: '--idp-https-port <PORT>',
    help: 'First port tried for its TLS side',
    group,
    byDefault: '9443',
  },
  apiPort: { flags: '--api-port <PORT>', help: 'First port tried for the countries API', group, byDefault: '4000' },
  mcpPort: { flags: '--mcp-port <PORT>', help: 'First port tried for its MCP server', group, byDefault: '8091' },
  seed: {
    flags: '--seed <FILE>',
    help: 'YAML file with the identity provider’s servers, apps, users, policies',
    group,
  },
  mcpServer: {
    flags: '--mcp-server <COMMAND>',
    help: 'MCP server to run with the example’s configuration file instead of its own, such as apollo-mcp-server',
    group,
  },
  requireDpop: {
    flags: '--require-dpop',
    help: 'Everything with proof of possession (DPoP): client, provider, gateway, MCP server and API take only bound tokens',
    group,
  },
  stateDir: {
    flags: '--state-dir <FOLDER>',
    help: 'Folder for keys, certificates and audit trail; kept between runs',
    group,
    byDefault: '.usher/demo',
  },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Configuration' },
} as const satisfies Record<string, SimpleOption>;

/** `usher demo` */
export const demoCommand: CommandModule = {
  build() {
    const command = buildCommand('usher demo', {
      summary:
        'Shows the whole scenario on this machine: signs a user in, calls a tool through the gateway, and lays both tokens and the audit record side by side.',
      usage: '[options]',
      examples: ['usher demo', '# Only the story, for scripts\nusher demo --once --json'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const seedFile = values.text(options.seed);
    const mcpServer = values.text(options.mcpServer);
    const demo = {
      once: values.isSet(options.once),
      json: values.isSet(options.json),
      ports: {
        gateway: values.port(options.port),
        idpHttp: values.port(options.idpHttpPort),
        idpHttps: values.port(options.idpHttpsPort),
        api: values.port(options.apiPort),
        mcpServer: values.port(options.mcpPort),
      },
      requireDpop: values.isSet(options.requireDpop),
      stateDir: values.text(options.stateDir) ?? '',
      ...(seedFile === undefined ? {} : { seedFile }),
      ...(mcpServer === undefined ? {} : { mcpServer }),
    };
    if (demo.json && !demo.once) values.problems.push({ where: '--json', what: 'is given without --once; add it' });
    if (demo.requireDpop && mcpServer !== undefined) {
      const what =
        'cannot go with --mcp-server: only the example’s own server hands proofs on to the API; leave one of the two out';
      values.problems.push({ where: '--require-dpop', what });
    }
    const problems = [...sortLeftovers(command).problems, ...refuseOperands(command, tail), ...values.problems];
    if (problems.length > 0) throw reportUsage(problems);
    const { runDemo } = await import('../../demo/run-demo.ts');
    using stop = watchStopSignal();
    await runDemo({ ...demo, columns: process.stdout.columns || defaultColumns, print, stop: stop.signal });
    // The empty line ends the one on which the terminal echoed ^C.
    if (stop.signal.aborted && !demo.json) print('\nStopped; nothing is left running.');
    return 0;
  },
};
