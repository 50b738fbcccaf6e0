import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import { describe } from '../../lib/describe-error.ts';
import { type Check, failed, pass, unknown } from '../check.ts';
import { signUserIn } from '../sign-user-in.ts';

/** A real sign-in, where the operator asked for one: then the rest is tried with the token it gives. */
export const userSignsIn: Check = {
  id: 'user-signs-in',
  title: 'A person signs in as with their MCP client',
  needs: ['issuer-metadata', 'sign-in'],
  applies: ({ aids, route }) => aids.signIn !== undefined && route.authenticator.issuers.length > 0,
  async run({ aids, findings, route, server, http }) {
    const [issuer = ''] = route.authenticator.issuers;
    const document = findings.metadata.get(issuer)?.document;
    if (aids.signIn === undefined || document === undefined) return unknown('Nobody was asked to sign in');
    const isBound = server.dpop.required;
    const { clientId } = aids.signIn;
    try {
      const request = { document, scopes: route.policy.scopes, resource: route.resourceUrl, isBound, http };
      const { callerToken, jkt } = await signUserIn(request, aids.signIn);
      findings.signedIn = { callerToken, jkt };
      return pass(`At ${issuer}, client ${clientId}${isBound ? ', with a proof of possession (DPoP)' : ''}`);
    } catch (error) {
      const words = await readWords(error);
      if (words === undefined) return unknown(`${issuer}: ${describe(error)}`, howToTry);
      return failed(`${issuer} answered ${words}`, { cause: 'sign-in-refused', fix: fixOf(words, isBound) });
    }
  },
};

const howToTry =
  'Open the address that is shown in a browser, sign in, and let it lead back to this machine: --redirect-uri has to be registered with the client, and its port free (a running MCP client may have it).';

const refusalSchema = z.object({ error: z.string(), error_description: z.string().optional().catch(undefined) });

/** The provider's own, where it was the provider that refused; of a client it does not know (401) they are in the body alone. */
async function readWords(refusal: unknown): Promise<string | undefined> {
  if (refusal instanceof oauth.AuthorizationResponseError || refusal instanceof oauth.ResponseBodyError)
    return tell(refusal.error, refusal.error_description);
  if (!(refusal instanceof oauth.WWWAuthenticateChallengeError)) return undefined;
  const said = refusalSchema.safeParse(await refusal.response.json().catch(() => undefined)).data;
  return said === undefined ? `${refusal.status} with a challenge` : tell(said.error, said.error_description);
}

function tell(error: string, description = 'no description'): string {
  return `${error}: ${description}`;
}

function fixOf(words: string, isBound: boolean): string {
  if (/dpop/i.test(words) && !isBound)
    return 'The provider gives this client only tokens that are bound to a key: set --require-dpop here, or let it give bearer tokens.';
  if (words.startsWith('invalid_client'))
    return 'Compare --client-id and --client-secret-file with the client at the provider.';
  if (words.startsWith('access_denied'))
    return 'The person refused, or no policy of the provider lets them use this client.';
  return "It is what people's MCP client would get: compare the client, its grants and its scopes at the provider.";
}
