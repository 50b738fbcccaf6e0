import { needsCallerToken } from '../../config/needs-caller-token.ts';
import { UsherError } from '../../model/usher-error.ts';
import { aspectOfRefusal } from '../aspect-of-refusal.ts';
import { type Check, failed, type Patient, pass } from '../check.ts';
import { failBy } from '../fail-by.ts';
import { buildImpostor } from '../impostor.ts';

const timeoutMs = 30_000;

/** Asks for an exchange with a token that cannot be good: how it is refused tells what is set up. RFC 6749 §5.2 wants the
 * client looked at first, then whether it may use the grant, then the token.
 */
export const exchangeEndpoint: Check = {
  id: 'exchange-endpoint',
  title: 'The token endpoint of the exchange answers as one',
  needs: [],
  applies: exchanges,
  async run(patient) {
    const seen: string[] = [];
    // Each issuer can have an exchange of its own.
    for (const issuer of findExchanging(patient)) {
      const probe = await probeAs(issuer, patient);
      if (probe === undefined) {
        return failed('It exchanged a token that nobody signed', {
          cause: 'provider-takes-anything',
          fix: 'That is no identity provider to rely on. Is --token-exchange-url a stand-in for tests?',
        });
      }
      const { status, error, description } = probe.details;
      const isAnswer = error !== undefined && error !== '(no error code)';
      if (!isAnswer || aspectOfRefusal(probe) === 'endpoint')
        return failBy(probe, { credential: patient.route.credential.strategy });
      // What is wrong with one of them is what the next checks are about.
      if (patient.findings.probe === undefined || aspectOfRefusal(probe) !== 'token') patient.findings.probe = probe;
      seen.push(`It answered ${status} ${error}: ${description}`);
    }
    return pass([...new Set(seen)].join('; '));
  },
};

/** How the exchange of a token of this issuer is refused; undefined when it is not. */
async function probeAs(issuer: string, patient: Patient): Promise<UsherError | undefined> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    await patient.route.credential.obtain(buildImpostor(patient, issuer), { signal });
    return undefined;
  } catch (error) {
    if (error instanceof UsherError) return error;
    throw error;
  }
}

/** Is the caller's token exchanged for another? */
export function exchanges(patient: Patient): boolean {
  return findExchanging(patient).length > 0;
}

/** Issuers whose callers' tokens are. */
function findExchanging({ server }: Patient): readonly string[] {
  return server.authenticate.flatMap((one) => {
    if (!('issuer' in one)) return [];
    const { strategy } = one.credential ?? server.credential;
    return needsCallerToken(strategy) ? [one.issuer] : [];
  });
}
