import { thisMachine } from '../../clients/machine.ts';
import { leaves } from '../../config/leaves.ts';
import type { Problem } from '../../config/source.ts';
import { buildCommand, textsOf } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { addConfigOptions, loadArguments, readArguments, type Given } from '../options/load-arguments.ts';
import { listOptions, readListOptions } from '../target/one-server.ts';
import { refuseOperands, requireFile } from '../options/require.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';

const serveLeaves = leaves.filter(({ scope }) => scope === 'gateway');

/** `usher serve -f FILE` */
export const serveCommand: CommandModule = {
  build() {
    return addConfigOptions(
      addSimpleOptions(
        buildCommand('usher serve', {
          summary:
            'Serves all MCP servers of a configuration file behind one listener, each at its own path. They stand in the MCP clients of this machine while it runs.',
          usage: '-f FILE [options]',
          examples: [
            'usher serve -f usher.yaml',
            '# A secret from the environment: USHER_SERVERS_, the server’s name, the flag\nUSHER_SERVERS_COUNTRIES_TOKEN_EXCHANGE_CLIENT_SECRET=… \\\n  usher serve -f usher.yaml --port 9000',
          ],
        }),
        Object.values(listOptions),
      ),
      serveLeaves,
    );
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const problems: Problem[] = [
      ...refuseOperands(command, tail),
      ...requireFile(textsOf(command, 'config'), environment),
    ];
    const wanted = readListOptions(values, problems);
    const given: Given = {
      leaves: serveLeaves,
      problems: [...problems, ...values.problems],
      environment,
    };
    const loaded = loadArguments(command, given);
    const { startGatewayCommand } = await import('../foreground/start-gateway-command.ts');
    const machine = thisMachine(environment);
    return startGatewayCommand(loaded, () => readArguments(command, given), { machine, wanted });
  },
};
