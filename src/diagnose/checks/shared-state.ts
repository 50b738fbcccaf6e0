import { readCa } from '../../gateway/read-ca.ts';
import { describe } from '../../lib/describe-error.ts';
import { connect } from '../../state/redis/connect.ts';
import { type Check, failed, pass, unknown } from '../check.ts';

const timeoutMs = 5_000;

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
      if (problem === undefined) {
        await connection.get(`${state.prefix}doctor`);
        return pass(`${state.url} takes us and answers`);
      }
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
