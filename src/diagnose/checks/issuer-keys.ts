import { pickUsableKeys } from '../../oauth/keys/pick-usable-keys.ts';
import { describe } from '../../lib/describe-error.ts';
import { type Check, type Outcome, type Patient, pass } from '../check.ts';
import { failByFacts } from '../fail-by.ts';

const timeoutMs = 5_000;
const kinds: Readonly<Record<string, RegExp>> = { RSA: /^[RP]S/, EC: /^ES/, OKP: /^EdDSA$/ };

/** RFC 7517: without a key that fits no token can be verified. */
export const issuerKeys: Check = {
  id: 'issuer-keys',
  title: 'The issuer publishes keys that can verify signatures',
  needs: [],
  applies: ({ server }) => server.authenticate.some(({ strategy }) => strategy === 'jwt'),
  async run(patient) {
    const seen: string[] = [];
    for (const one of patient.server.authenticate) {
      if (one.strategy !== 'jwt') continue;
      const { issuer, algorithms } = one;
      const url = one.jwksUrl ?? patient.findings.metadata.get(issuer)?.document?.jwks_uri;
      if (url === undefined)
        return refuse(issuer, 'no metadata found', `${issuer}: no metadata say where its keys are`);
      const keys = await readKeys(url, patient);
      if (typeof keys === 'string') return refuse(issuer, keys, `${url}: ${keys}`);
      const fitting = keys.filter(
        ({ kty, alg }) =>
          algorithms.some((algorithm) => kinds[kty]?.test(algorithm)) &&
          (typeof alg !== 'string' || algorithms.some((algorithm) => algorithm === alg)),
      );
      if (fitting.length === 0)
        return refuse(
          issuer,
          'not a key set for the algorithms taken here',
          `${url}: no key for ${algorithms.join(', ')}`,
        );
      const names = fitting.map(({ kid, kty }) => `${typeof kid === 'string' ? kid : 'without kid'} (${kty})`);
      seen.push(`${url}: ${names.join(', ')}`);
    }
    return pass(seen.join('; '));
  },
};

function refuse(issuer: string, reason: string, evidence: string): Outcome {
  return failByFacts({ code: 'keys_unavailable', details: { issuer, reason } }, evidence);
}

/** The usable keys, or why there are none. */
async function readKeys(url: string, { http }: Patient): Promise<ReturnType<typeof pickUsableKeys> | string> {
  try {
    const answer = await http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs });
    if (answer.status !== 200) return `status ${answer.status}`;
    const keys = pickUsableKeys(await answer.json().catch(() => undefined));
    return keys.length === 0 ? 'not a key set with at least one key for signatures' : keys;
  } catch (error) {
    return describe(error);
  }
}
