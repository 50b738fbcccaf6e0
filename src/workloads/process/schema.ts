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
      help: 'Command and arguments; run without a shell. In place of the program a package of exactly one version may stand, which is fetched: npx:NAME@1.2.3, uvx:NAME@1.2.3, go:PATH@v1.2.3',
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
