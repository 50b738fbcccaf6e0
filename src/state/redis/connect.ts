import type { RedisSettings } from './schema.ts';
import { verifiedTls } from '../../lib/verified-tls.ts';

/** The commands that are needed of a Redis server, and the state of its connection. */
export interface Connection {
  get(name: string): Promise<string | null>;
  set(name: string, text: string, ttlMs: number): Promise<unknown>;
  setIfAbsent(name: string, text: string, ttlMs: number): Promise<boolean>;
  delete(name: string): Promise<unknown>;
  /** Moves the end of a key away by so much, and says how far away it is then, in milliseconds. */
  extend(name: string, byMs: number): Promise<unknown>;
  close(): void;
}

export interface ConnectOptions {
  /** PEM; Node's own list when absent. */
  readonly ca: readonly string[] | undefined;
  /** There is a connection, for the first time or again. */
  readonly onReady: () => void;
  /** There is none, or it broke. */
  readonly onError: (error: unknown) => void;
}

const connectTimeoutMs = 2_000;
const longestReconnectMs = 2_000;
/** Commands that wait for an answer. Each is given up after a moment, so that more of them is a server that hangs. */
const mostWaiting = 10_000;

/** At once, so that two replicas cannot both read and then write; and by the server's own clock, since theirs differ. A key
 * whose end moves needs no value, and goes when there is nothing to remember.
 */
const extendScript = `
local left = redis.call('PTTL', KEYS[1])
if left < 0 then left = 0 end
left = left + tonumber(ARGV[1])
if left > 0 then redis.call('SET', KEYS[1], '', 'PX', string.format('%.0f', left)) end
return left`;

/** Connects, and again whenever the connection breaks. Resolves at once; what needs the connection rejects until it is
 * there. The client is loaded here, so that nobody else waits for it at the start.
 */
export async function connect(settings: RedisSettings, options: ConnectOptions): Promise<Connection> {
  const { createClient } = await import('@redis/client');
  const { protocol, hostname, port, pathname } = new URL(settings.url);
  const socket = {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 6379 : Number(port),
    connectTimeout: connectTimeoutMs,
    reconnectStrategy: (retries: number) =>
      Math.min(longestReconnectMs, 50 * 2 ** Math.min(retries, 10)) * (1 - Math.random() / 5),
  };
  const { username, password } = settings;
  const client = createClient({
    // What all servers of the last ten years, and Valkey, understand.
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket:
      protocol === 'rediss:' ? { ...socket, tls: true, minVersion: 'TLSv1.2', ...verifiedTls(options.ca) } : socket,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(pathname.length > 1 ? { database: Number(pathname.slice(1)) } : {}),
    // Nobody waits for a connection that is gone.
    disableOfflineQueue: true,
    commandsQueueMaxLength: mostWaiting,
  });
  client.on('ready', options.onReady);
  client.on('error', options.onError);
  client.connect().catch(options.onError);
  const expiration = (ttlMs: number) => ({ type: 'PX', value: Math.max(1, Math.round(ttlMs)) }) as const;
  return {
    get: (name) => client.get(name),
    set: (name, text, ttlMs) => client.set(name, text, { expiration: expiration(ttlMs) }),
    setIfAbsent: async (name, text, ttlMs) =>
      (await client.set(name, text, { expiration: expiration(ttlMs), condition: 'NX' })) !== null,
    delete: (name) => client.del(name),
    extend: (name, byMs) => client.eval(extendScript, { keys: [name], arguments: [String(byMs)] }),
    close: () => client.destroy(),
  };
}
