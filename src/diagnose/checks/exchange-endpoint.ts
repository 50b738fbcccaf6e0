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
    const { route, findings } = patient;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await route.credential.obtain(buildImpostor(patient), { signal });
    } catch (error) {
      if (!(error instanceof UsherError)) throw error;
      findings.probe = error;
      const { status, error: code, description } = error.details;
      const isAnswer = code !== undefined && code !== '(no error code)';
      return isAnswer && aspectOfRefusal(error) !== 'endpoint'
        ? pass(`It answered ${status} ${code}: ${description}`)
        : failBy(error);
    }
    return failed('It exchanged a token that nobody signed', {
      cause: 'provider-takes-anything',
      fix: 'That is no identity provider to rely on. Is --token-exchange-url a stand-in for tests?',
    });
  },
};

/** Is the caller's token exchanged for another? */
export function exchanges({ server, route }: Patient): boolean {
  return needsCallerToken(server.credential.strategy) && route.authenticator.needsToken;
}
