import { UsherError } from '../../model/usher-error.ts';
import { type Check, failed, pass } from '../check.ts';
import { failBy } from '../fail-by.ts';

const timeoutMs = 30_000;

/** Each issuer is asked about a token that nobody issued: "not active" is the good answer (RFC 7662 §2.2). */
export const introspection: Check = {
  id: 'introspection',
  title: 'The issuer can be asked about tokens',
  needs: [],
  applies: ({ server }) => server.authenticate.some(({ strategy }) => strategy === 'introspection'),
  async run({ server, route }) {
    const seen: string[] = [];
    for (const one of server.authenticate) {
      if (one.strategy !== 'introspection') continue;
      try {
        const nobodys = `${one.tokenPrefix}usher-doctor-asks-about-no-token`;
        await route.authenticator.authenticate(nobodys, { signal: AbortSignal.timeout(timeoutMs) });
      } catch (error) {
        if (!(error instanceof UsherError) || error.code !== 'token_inactive') return failBy(error);
        seen.push(
          `${String(error.details['url'])} answered the client ${one.clientId} that nobody's token is not active`,
        );
        continue;
      }
      return failed(`${one.issuer} says that a token nobody issued is active`, {
        cause: 'provider-takes-anything',
        fix: 'That is no authorization server to rely on. Is --introspection-url a stand-in for tests?',
      });
    }
    return pass(seen.join('; '));
  },
};
