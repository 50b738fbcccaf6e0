import type { RunningIdp } from '../../idp/running-idp.ts';
import { reportUsage } from '../../config/report.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { idpFlavours, idpOptions } from '../options/idp-options.ts';
import { note, paint } from '../print.ts';
import { refuseOperands } from '../options/require.ts';
import { runUntilStopped } from '../foreground/run-until-stopped.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher idp` */
export const idpCommand: CommandModule = {
  build() {
    const command = buildCommand('usher idp', {
      summary:
        'Runs an identity provider for development: several authorization servers, apps and policies in the shape of Okta, or one issuer in that of Keycloak, Entra ID or Auth0.',
      usage: '[options]\n       usher idp rotate-keys [options] [SERVER]',
      examples: [
        'usher idp',
        'usher idp --flavour keycloak',
        'usher idp --seed my-org.yaml --http-port 9080 --https-port 9443 \\\n  --state-dir .usher/idp',
      ],
    });
    return addSimpleOptions(command, Object.values(idpOptions));
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const seedFile = values.text(idpOptions.seed);
    const host = values.text(idpOptions.host);
    const options = {
      flavour: values.choice(idpOptions.flavour, idpFlavours),
      ...(seedFile === undefined ? {} : { seedFile }),
      ...(host === undefined ? {} : { host }),
      httpPort: values.port(idpOptions.httpPort),
      httpsPort: values.port(idpOptions.httpsPort),
      stateDir: values.text(idpOptions.stateDir) ?? '',
    };
    const problems = [...sortLeftovers(command).problems, ...refuseOperands(command, tail), ...values.problems];
    if (problems.length > 0) throw reportUsage(problems);
    const { startIdp } = await import('../../idp/start-idp.ts');
    return runUntilStopped(async () => {
      const idp = await startIdp({ ...options, log: logLine });
      note(summarizeIdp(idp));
      return { close: () => idp.close() };
    });
  },
};

function logLine(line: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  note([paint('dim', new Date().toISOString().slice(11, 19)), line, paint('dim', details.join(' '))].join(' '));
}

/** Where everything is. The passwords are those of made-up people, printed on the sign-in page as well. */
function summarizeIdp(idp: RunningIdp): string {
  return [
    `${paint('bold', 'Development identity provider')}  ${idp.httpUrl}  ${idp.httpsUrl}`,
    ...idp.servers.map(
      ({ name, issuer, audience, scopes }) =>
        `  ${paint('bold', name)}  ${paint('cyan', issuer)}\n    audience ${audience}, scopes ${scopes.join(' ')}`,
    ),
    `  apps   ${idp.apps.length === 0 ? 'none' : idp.apps.map(({ clientId, label }) => `${clientId} (${label})`).join(', ')}`,
    `  users  ${idp.users.map(({ login, password }) => `${login} / ${password}`).join(', ')}`,
    ...(idp.apiTokenFile === undefined
      ? []
      : [`  management API  ${idp.httpUrl}/api/v1, with the token in ${idp.apiTokenFile}`]),
    `  its certificate authority is ${idp.caFile}; trust it with --ca-file or NODE_EXTRA_CA_CERTS`,
  ].join('\n');
}
