import { randomUUID } from 'node:crypto';
import type { Config } from '../../config/schema.ts';
import { readCa } from '../../gateway/read-ca.ts';
import { describe } from '../../lib/describe-error.ts';
import { connect, type Connection } from '../../state/redis/connect.ts';
import { type Check, failed, type Outcome, pass, unknown } from '../check.ts';

const timeoutMs = 5_000;
const keyMs = 1_000;

/** What replicas do there, with a key of a moment's life: a server that answers may allow less (ACL). */
async function tryCommands(connection: Connection, { state, servers }: Config): Promise<Outcome> {
  const { url = '', prefix = '' } = state ?? {};
  const key = `${prefix}doctor-${randomUUID()}`;
  const counts = Object.values(servers).some(
    ({ rateLimit: { calls, rules } }) => calls !== undefined || rules.length > 0,
  );
  try {
    await connection.get(key);
    await connection.set(key, '', keyMs);
    await connection.setIfAbsent(key, '', keyMs);
    await connection.delete(key);
    // By nothing: what is counted there stays as it is.
    if (counts) await connection.extend(key, 0);
  } catch (problem) {
    const commands = `+get +set +del${counts ? ' +eval +pttl' : ''}`;
    return failed(`${url} answers, but: ${describe(problem)}`, {
      cause: 'state-not-allowed',
      fix: `Allow the user what replicas need: ACL SETUSER NAME ~${prefix}* ${commands} +ping +select. Until then they share nothing that needs it${counts ? ', and each has the whole rate limit for itself' : ''}.`,
    });
  }
  return pass(`${url} takes us, and lets us do what replicas do there`);
}

/** Without it nothing is refused, and each replica goes on alone: nobody notices that it is not there. */
export const sharedState: Check = {
  id: 'shared-state',
  title: 'The shared state of the replicas answers',
  needs: [],
  applies: ({ config }) => config.state !== undefined,
  async run({ config }) {
    const { state } = config;
    if (state === undefined) return unknown('There is none');
    const settled = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => settled.resolve(new Error('no answer in time')), timeoutMs);
    const connection = await connect(state, {
      ca: readCa(config.caFile),
      onReady: () => settled.resolve(undefined),
      onError: (error) => settled.resolve(error ?? new Error('no connection')),
    });
    try {
      const problem = await settled.promise;
      if (problem === undefined) return await tryCommands(connection, config);
      return failed(`${state.url}: ${describe(problem)}`, {
        cause: 'state-unavailable',
        fix: 'Compare --state-url, --state-username and --state-password with the server; redis:// and rediss:// (TLS) must not be mixed up. Until it answers each replica goes on alone: more exchanges, and sessions only where they began.',
      });
    } finally {
      clearTimeout(timer);
      connection.close();
    }
  },
};
