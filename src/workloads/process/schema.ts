import { z } from 'zod';
import { setting } from '../../model/setting.ts';
import { transportSetting } from '../../model/transport.ts';
import { env, optionalTargetPort, restart, secretEnv, startTimeoutSeconds, targetPath } from '../server-settings.ts';

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
      group: 'Server',
      placeholder: 'COMMAND ARG…',
    },
  ),
  transport: transportSetting(),
  targetPort: optionalTargetPort(),
  targetPath: targetPath(),
  env: env(),
  secretEnv: secretEnv(),
  restart: restart(),
  startTimeoutSeconds: startTimeoutSeconds(),
});

export type ProcessSettings = z.output<typeof processSchema>;
