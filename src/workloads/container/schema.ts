import { z } from 'zod';
import { setting } from '../../model/setting.ts';
import { transportSetting } from '../../model/transport.ts';
import { env, optionalTargetPort, restart, secretEnv, startTimeoutSeconds, targetPath } from '../server-settings.ts';

const group = 'Container';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'a name of letters, digits and _.-');
/** There the server listens at every address of the machine, whoever may reach it, and sees every other listener. */
const sharedNetwork =
  'a network of its own: in that of the machine others could reach the server past the gateway (its API is at host.docker.internal)';
const size = z.string().regex(/^\d+(?:\.\d+)?[kmg]?b?$/i, 'a size such as 512m or 2g');

/** Settings of the `container` workload: Usher runs an image on Docker or Podman and fronts it. */
export const containerSchema = z.strictObject({
  strategy: z.literal('container'),
  image: setting(
    z
      .string()
      .regex(/^[\w][\w.:/@-]*$/, 'the name of an image such as ghcr.io/acme/server:1.2')
      .max(512),
    { help: 'Image to run', group, placeholder: 'IMAGE' },
  ),
  args: setting(z.array(z.string()).default([]), {
    help: "Arguments for the image's entry point",
    group,
    placeholder: 'ARG…',
  }),
  transport: transportSetting(),
  targetPort: optionalTargetPort(),
  targetPath: targetPath(),
  env: env(),
  secretEnv: secretEnv(),
  envFiles: setting(z.array(z.string().min(1)).default([]), {
    help: 'File with lines NAME=VALUE for the environment of the container, repeatable; --env wins over it',
    flag: 'env-file',
    group,
    placeholder: 'PATH',
    path: true,
    wholeItems: true,
  }),
  volumes: setting(
    z
      .array(
        z
          .string()
          .regex(
            /^(?:[A-Za-z]:[\\/])?[^:]+:\/[^:]+(?::(?:ro|rw|z|Z)(?:,(?:ro|rw|z|Z))*)?$/,
            'SOURCE:/PATH or SOURCE:/PATH:ro',
          ),
      )
      .default([]),
    {
      help: 'File, folder or named volume to mount, repeatable; it has to exist',
      flag: 'volume',
      short: 'v',
      group,
      placeholder: 'SOURCE:PATH[:ro]',
      example: './config.yaml:/config.yaml:ro',
      path: 'before-colon',
      wholeItems: true,
    },
  ),
  engine: setting(z.string().min(1).optional(), {
    help: 'Container engine: docker, podman, or the address of its socket; by default DOCKER_HOST, CONTAINER_HOST, then the usual places',
    flag: 'engine',
    group,
    placeholder: 'NAME|SOCKET',
    example: 'unix:///run/podman/podman.sock',
  }),
  pull: setting(z.enum(['missing', 'always', 'never']).default('missing'), {
    help: 'When the image is fetched from its registry',
    flag: 'pull',
    group,
  }),
  profile: setting(z.string().min(1).default('network'), {
    help: 'What it may reach and see: network (every host), none (no host), or a file with a slash in its path',
    flag: 'permission-profile',
    group,
    placeholder: 'NAME|PATH',
    path: 'before-colon',
  }),
  allowHosts: setting(z.array(z.string().min(1)).default([]), {
    help: 'Only hosts it may call: HOST, .DOMAIN, an address or network, each with :PORT or without; by HTTP and HTTPS through a proxy of Usher, everything else is cut off',
    flag: 'allow-host',
    group,
    placeholder: 'HOST[:PORT],…',
    example: 'api.example.com:443',
  }),
  publish: setting(
    z
      .array(
        z
          .string()
          .regex(
            /^(?:127\.0\.0\.1:)?\d{1,5}:\d{1,5}(?:\/(?:tcp|udp))?$/,
            'HOST:CONTAINER such as 9090:9090, on the loopback address; callers from elsewhere come through the gateway',
          ),
      )
      .default([]),
    {
      help: 'Further port to publish on the loopback address, repeatable; that of --target-port is by itself',
      flag: 'publish',
      short: 'p',
      group,
      placeholder: 'HOST:CONTAINER',
      example: '9090:9090',
    },
  ),
  network: setting(name.refine((text) => text !== 'host', sharedNetwork).optional(), {
    help: 'Network of the engine to join; by default one that is made for this server alone',
    flag: 'network',
    group,
    placeholder: 'NAME',
  }),
  user: setting(
    z
      .string()
      .regex(/^[\w.-]+(?::[\w.-]+)?$/, 'a user such as 1000 or 1000:1000')
      .optional(),
    {
      help: "User and group the server runs as; by default the image's",
      flag: 'user',
      group,
      placeholder: 'USER[:GROUP]',
    },
  ),
  writableRoot: setting(z.boolean().default(false), {
    help: "Let the server write into the image's own file system, which is read-only but for /tmp otherwise",
    flag: 'writable-root',
    group,
  }),
  capabilities: setting(
    z.array(z.string().regex(/^(?:CAP_)?[A-Z][A-Z_]+$/, 'a capability such as CHOWN')).default([]),
    {
      help: 'Capabilities of Linux the server keeps; by default none',
      flag: 'cap-add',
      group,
      placeholder: 'NAME,…',
      example: 'NET_BIND_SERVICE',
    },
  ),
  memory: setting(size.optional(), {
    help: 'Most memory it may use',
    flag: 'memory',
    group,
    placeholder: 'SIZE',
    example: '512m',
  }),
  cpus: setting(z.number().positive().max(1024).optional(), {
    help: 'Most processors it may keep busy',
    flag: 'cpus',
    group,
    placeholder: 'NUMBER',
    example: '1.5',
  }),
  pidsLimit: setting(z.number().int().min(1).max(4_194_304).default(512), {
    help: 'Most processes and threads it may have',
    flag: 'pids-limit',
    group,
    placeholder: 'NUMBER',
  }),
  restart: restart(),
  startTimeoutSeconds: startTimeoutSeconds(),
});

export type ContainerSettings = z.output<typeof containerSchema>;
