import { z } from 'zod';
import { sessionSettings } from '../../bridge/session-settings.ts';
import { setting } from '../../model/setting.ts';

const group = 'Sessions';
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and _');

/** Settings of servers that speak over their standard streams, whatever runs them. Each member of the seam of workloads makes
 * its own.
 */
export function stdioSettings() {
  return {
    userTokenEnv: setting(variable.optional(), {
      help: "Environment variable that gets the user's exchanged token: each user has a server process of their own then (stdio)",
      flag: 'user-token-env',
      group,
      placeholder: 'NAME',
      example: 'GITHUB_TOKEN',
    }),
    userTokenFile: setting(variable.optional(), {
      help: "Environment variable that names a file with the user's exchanged token, which is kept fresh while the process runs (stdio)",
      flag: 'user-token-file',
      group,
      placeholder: 'NAME',
      example: 'API_TOKEN_FILE',
    }),
    ...sessionSettings(),
  };
}

export interface StdioSettings {
  readonly userTokenEnv?: string | undefined;
  readonly userTokenFile?: string | undefined;
  readonly maxSessions: number;
  readonly maxSessionsPerUser: number;
  readonly sessionIdleSeconds: number;
}
