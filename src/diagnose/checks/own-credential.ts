import { type Check, pass } from '../check.ts';
import { failBy } from '../fail-by.ts';
import { buildImpostor } from '../impostor.ts';

const timeoutMs = 30_000;
/** As whom a call goes on whoever calls. */
const ownStrategies = new Set<string>(['client-credentials', 'static-header']);

/** Where the gateway calls as itself, no caller is needed to try. */
export const ownCredential: Check = {
  id: 'own-credential',
  title: 'The gateway gets the credential it calls with as itself',
  needs: [],
  applies: ({ server }) => ownStrategies.has(server.credential.strategy),
  async run(patient) {
    const { route, findings } = patient;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      findings.credential = await route.credential.obtain(
        buildImpostor(patient, route.authenticator.issuers[0] ?? ''),
        { signal },
      );
    } catch (error) {
      return failBy(error);
    }
    const { claims, waitedMs } = findings.credential;
    if (claims === undefined) return pass(`${route.credential.strategy}, nothing in it can be read here`);
    return pass(`aud ${[claims.aud ?? '–'].flat().join(' ')}, scp ${claims.scp?.join(' ') ?? '–'}, in ${waitedMs} ms`);
  },
};
