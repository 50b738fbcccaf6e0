import { leaves } from '../../config/leaves.ts';
import { buildCommand, textsOf } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { addConfigOptions, loadArguments, readArguments, type Given } from '../load-arguments.ts';
import { refuseOperands, requireFile } from '../require.ts';

const serveLeaves = leaves.filter(({ scope }) => scope === 'gateway');

/** `usher serve -f FILE` */
export const serveCommand: CommandModule = {
  build() {
    return addConfigOptions(
      buildCommand('usher serve', {
        summary: 'Serves all MCP servers of a configuration file behind one listener, each at its own path.',
        usage: '-f FILE [options]',
        examples: [
          'usher serve -f usher.yaml',
          '# A secret from the environment: USHER_SERVERS_, the server’s name, the flag\nUSHER_SERVERS_COUNTRIES_TOKEN_EXCHANGE_CLIENT_SECRET=… \\\n  usher serve -f usher.yaml --port 9000',
        ],
      }),
      serveLeaves,
    );
  },
  async execute(command, { tail, environment }) {
    const given: Given = {
      leaves: serveLeaves,
      problems: [...refuseOperands(command, tail), ...requireFile(textsOf(command, 'config'), environment)],
      environment,
    };
    const loaded = loadArguments(command, given);
    const { startGatewayCommand } = await import('../start-gateway-command.ts');
    return startGatewayCommand(loaded, () => readArguments(command, given), environment);
  },
};
