import { anonymous } from '../../authenticators/anonymous/build-anonymous-authenticator.ts';
import type { Identity } from '../../model/identity.ts';
import { type Check, pass, type Patient } from '../check.ts';
import { failBy } from '../fail-by.ts';

const timeoutMs = 30_000;

/** Where every call goes on as the gateway itself, whoever calls. */
export const ownCredential: Check = {
  id: 'own-credential',
  title: 'The gateway has a credential of its own for the server behind',
  needs: [],
  applies: actsAsGateway,
  async run({ route, findings }) {
    try {
      findings.credential = await route.credential.obtain(nobody, { signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      return failBy(error, { credential: route.credential.strategy });
    }
    const { header, claims, source } = findings.credential;
    if (source === 'static') return pass(`The header ${header?.name ?? ''}, always the same`);
    return pass(`A token ${claims === undefined ? 'that is opaque' : `for ${[claims.aud ?? '–'].flat().join(' ')}`}`);
  },
};

function actsAsGateway({ server: { credential } }: Patient): boolean {
  return credential.strategy === 'client-credentials' || credential.strategy === 'static-header';
}

/** A caller without a user, whom such a credential always serves. */
const nobody: Identity = { callerToken: undefined, caller: anonymous };
