import { z } from 'zod';
import { secretName, secretNameWanted } from '../model/secret-store.ts';
import { setting } from '../model/setting.ts';

/** Settings that mean the same to every way to run a server: one flag each. Each member of the seam makes its own. */
const group = 'Server';

/** Where it need not be said, or can be found out. */
export function optionalTargetPort() {
  return setting(z.number().int().min(1).max(65535).optional(), {
    help: 'Port the server listens on; of a container, by default the only one its image names',
    flag: 'target-port',
    group,
    placeholder: 'PORT',
  });
}

export function targetPath() {
  return setting(
    z
      .string()
      .regex(/^\/[^\s?#]*$/, 'a path such as /mcp')
      .default('/mcp'),
    {
      help: 'Path of the MCP endpoint the server has there',
      flag: 'target-path',
      group,
      placeholder: 'PATH',
    },
  );
}

const variable = () => z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and _');

/** Variables whose values are in the secret store, by name. */
export function secretEnv() {
  return setting(
    z.record(variable(), z.string().regex(secretName, `the name of a secret: ${secretNameWanted}`)).default({}),
    {
      help: 'Secret of the secret store for an environment variable of the command or container, repeatable',
      flag: 'secret',
      group,
      placeholder: 'NAME,target=VARIABLE',
      example: 'github,target=GITHUB_TOKEN',
      targeted: true,
    },
  );
}

export function env() {
  return setting(z.record(variable(), z.string()).default({}), {
    help: 'Environment variable for the command or container, repeatable; of its own a command gets PATH, HOME, LANG and TZ, a container nothing',
    flag: 'env',
    short: 'e',
    group,
    placeholder: 'NAME=VALUE',
  });
}

export function restart() {
  return setting(z.enum(['always', 'never']).default('always'), {
    help: 'What happens when the command or container ends by itself: it is started again, or Usher ends too',
    flag: 'restart',
    group,
  });
}

export function startTimeoutSeconds() {
  return setting(z.number().positive().max(600).default(30), {
    help: 'How long the command or container may take until it listens',
    flag: 'start-timeout',
    group,
    placeholder: 'SECONDS',
  });
}
