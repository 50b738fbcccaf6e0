import { z } from 'zod';
import { Secret } from '../../model/secret.ts';
import { setting } from '../../model/setting.ts';

const group = 'Shared state';

const redisUrl = z
  .string()
  .regex(
    /^rediss?:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:\/\d{1,3})?$/,
    'redis://HOST:PORT or rediss://HOST:PORT (TLS), with /NUMBER for another database, without user and password',
  );

/** Settings of the shared state in Redis or Valkey: what several replicas know together. */
export const redisSchema = z.strictObject({
  strategy: z.literal('redis').default('redis'),
  url: setting(redisUrl, {
    help: 'Redis or Valkey server that replicas share; rediss:// is TLS',
    flag: 'state-url',
    group,
    placeholder: 'URL',
    example: 'rediss://redis.example.com:6379',
  }),
  username: setting(z.string().min(1).optional(), {
    help: 'User there, where it has several',
    flag: 'state-username',
    group,
    placeholder: 'NAME',
  }),
  password: setting(z.instanceof(Secret).optional(), {
    help: 'Password there',
    flag: 'state-password',
    group,
    placeholder: 'PASSWORD',
    secret: true,
  }),
  key: setting(z.instanceof(Secret), {
    help: 'What everything kept there is encrypted with, at least 32 characters; the same for all replicas',
    flag: 'state-key',
    group,
    placeholder: 'SECRET',
    secret: true,
  }),
  prefix: setting(
    z
      .string()
      .regex(/^[A-Za-z0-9:._-]{0,64}$/, 'letters, digits, and : . _ -')
      .default('usher:'),
    {
      help: 'What its keys begin with there',
      flag: 'state-prefix',
      group,
      placeholder: 'TEXT',
    },
  ),
  insecureAllowPlain: setting(z.boolean().default(false), {
    help: 'Reach it without TLS outside this machine: the password can be read on the way, values cannot',
    flag: 'state-insecure-allow-plain',
    group,
  }),
});

export type RedisSettings = z.output<typeof redisSchema>;
