import { resolve } from 'node:path';
import { reportUsage } from '../../config/report.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print } from '../print.ts';
import { refuseOperands } from '../require.ts';
import { addSimpleOptions, SimpleValues, type SimpleOption } from '../simple-options.ts';
import { stopSignal } from '../stop-signal.ts';
import { sortLeftovers } from '../unknown-flags.ts';

const group = 'Demo';

/** Options of `usher demo`. */
export const demoOptions = {
  once: { flags: '--once', help: 'End when the story is told; exit code 0 when every step was as it should be', group },
  json: { flags: '--json', help: 'One JSON object instead of text; implies --once', group },
  seed: {
    flags: '--seed <FILE>',
    help: 'YAML file for the identity provider; the countries scenario when not given',
    group,
    env: 'USHER_DEMO_SEED',
  },
  mcpServer: {
    flags: '--mcp-server <COMMAND>',
    help: "MCP server to run with the example's configuration file, for example apollo-mcp-server; the example's own when not given",
    group,
    env: 'USHER_DEMO_MCP_SERVER',
  },
  stateDir: {
    flags: '--state-dir <FOLDER>',
    help: 'Folder for keys, certificates and the audit trail; kept over restarts',
    group,
    byDefault: '.usher',
    env: 'USHER_DEMO_STATE_DIR',
  },
  gatewayPort: port('--port <PORT>', 'the gateway', '8000', 'USHER_DEMO_PORT'),
  idpHttpPort: port(
    '--idp-http-port <PORT>',
    'the plain-http side of the identity provider',
    '9080',
    'USHER_DEMO_IDP_HTTP_PORT',
  ),
  idpHttpsPort: port(
    '--idp-https-port <PORT>',
    'the TLS side of the identity provider',
    '9443',
    'USHER_DEMO_IDP_HTTPS_PORT',
  ),
  apiPort: port('--api-port <PORT>', 'the countries API', '4000', 'USHER_DEMO_API_PORT'),
  mcpServerPort: port('--mcp-server-port <PORT>', 'its MCP server', '8001', 'USHER_DEMO_MCP_SERVER_PORT'),
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Configuration' },
} as const satisfies Record<string, SimpleOption>;

function port<const F extends string>(flags: F, what: string, byDefault: string, env: string) {
  return { flags, help: `First port tried for ${what}; a busy one is stepped over`, group: 'Ports', byDefault, env };
}

/** `usher demo` */
export const demoCommand: CommandModule = {
  build() {
    const command = buildCommand('usher demo', {
      summary:
        'Runs the whole scenario on this machine: identity provider, API, MCP server and gateway; signs a user in, calls a tool, shows both tokens.',
      usage: '[options]',
      examples: ['usher demo', 'usher demo --once', 'usher demo --json'],
    });
    return addSimpleOptions(command, Object.values(demoOptions));
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const seedFile = values.text(demoOptions.seed);
    const mcpServer = values.text(demoOptions.mcpServer);
    const { once = false, json = false } = command.opts<{ once?: boolean; json?: boolean }>();
    const ports = {
      gateway: values.port(demoOptions.gatewayPort),
      idpHttp: values.port(demoOptions.idpHttpPort),
      idpHttps: values.port(demoOptions.idpHttpsPort),
      api: values.port(demoOptions.apiPort),
      mcpServer: values.port(demoOptions.mcpServerPort),
    };
    const problems = [...sortLeftovers(command).problems, ...refuseOperands(command, tail), ...values.problems];
    if (problems.length > 0) throw reportUsage(problems);
    const { runDemo } = await import('../../demo/run-demo.ts');
    const stateDir = resolve(values.text(demoOptions.stateDir) ?? '.usher');
    using stop = stopSignal();
    await runDemo({
      once: once || json,
      json,
      ports,
      stateDir,
      ...(seedFile === undefined ? {} : { seedFile }),
      ...(mcpServer === undefined ? {} : { mcpServer }),
      print,
      stop: stop.signal,
    });
    return 0;
  },
};
