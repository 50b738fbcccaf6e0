import { z } from 'zod';
import { setting } from '../../model/setting.ts';

const group = 'Server';

/** Settings of the `process` workload: Usher runs the MCP server as a child process and fronts it. */
export const processSchema = z.strictObject({
  strategy: z.literal('process'),
  command: setting(
    z
      .array(z.string())
      .min(1)
      .refine((words) => words[0] !== '', 'a command and its arguments'),
    {
      help: 'Command and arguments; run without a shell',
      group,
      placeholder: 'COMMAND ARG…',
    },
  ),
  targetPort: setting(z.number().int().min(1).max(65535), {
    help: 'Port the command listens on',
    flag: 'target-port',
    group,
    placeholder: 'PORT',
  }),
  targetPath: setting(
    z
      .string()
      .regex(/^\/[^\s?#]*$/, 'a path such as /mcp')
      .default('/mcp'),
    {
      help: 'Path of the MCP endpoint the command serves',
      flag: 'target-path',
      group,
      placeholder: 'PATH',
    },
  ),
  env: setting(
    z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and _'), z.string()).default({}),
    {
      help: 'Environment variable for the command, repeatable; it gets no others but PATH, HOME, LANG and TZ',
      flag: 'env',
      short: 'e',
      group,
      placeholder: 'NAME=VALUE',
    },
  ),
  restart: setting(z.enum(['always', 'never']).default('always'), {
    help: 'What happens when the command ends by itself: it is started again, or Usher ends too',
    flag: 'restart',
    group,
  }),
  startTimeoutSeconds: setting(z.number().positive().max(600).default(30), {
    help: 'How long the command may take until it listens',
    flag: 'start-timeout',
    group,
    placeholder: 'SECONDS',
  }),
});

export type ProcessSettings = z.output<typeof processSchema>;
