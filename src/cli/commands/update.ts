import { leaves } from '../../config/leaves.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { addConfigOptions } from '../options/load-arguments.ts';
import { runOptions } from '../target/one-server.ts';
import { addSimpleOptions, type SimpleOption } from '../options/simple-options.ts';

/** Settings that shall not be said any more. */
export const unsetOption = {
  flags: '--unset <NAME,…>',
  help: 'Takes settings back, so that what holds by default holds for them, repeatable: by their flags (oidc-scopes), one entry of several (env.DEBUG), or by their place in what usher export prints (policy.rules, listen.tls)',
  group: 'Server',
};

const { foreground: _, ...shared } = runOptions;
const options = Object.values<SimpleOption>(shared).map(({ flags, help, group }) => ({
  flags,
  help,
  group,
}));

/** `usher update NAME [flags of run]` */
export const updateCommand: CommandModule = {
  build() {
    const command = buildCommand('usher update', {
      summary:
        'Changes the settings of a server that runs in the background, or did: flags as usher run has them; the others stay. It goes on with them at once, and with those it had where it does not start.',
      usage: 'NAME [options of run] [--unset NAME,…] [-- COMMAND ARG…]\n       usher update NAME -f FILE',
      examples: [
        'usher update apollo --oidc-scopes mcp:tools:call --log-level debug',
        '# Take settings back\nusher update apollo --unset oidc-scopes,env.DEBUG',
        '# What no flag can say: edit what usher export prints\nusher export apollo > usher.yaml\nusher update apollo -f usher.yaml',
      ],
    });
    addSimpleOptions(command, [unsetOption, ...options]);
    return addConfigOptions(command, leaves);
  },
  async execute(command, context) {
    const { updateServer } = await import('../servers/update-server.ts');
    return await updateServer(command, context);
  },
};
