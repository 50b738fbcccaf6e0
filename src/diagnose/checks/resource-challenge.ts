import { z } from 'zod';
import { describe } from '../../lib/describe-error.ts';
import { errorTable, type ErrorCode } from '../../model/errors.ts';
import { type Check, failed, pass, unknown } from '../check.ts';
import { failByFacts } from '../fail-by.ts';

const timeoutMs = 5_000;
const refusalSchema = z.looseObject({
  error: z.looseObject({ message: z.string(), data: z.looseObject({ code: z.string() }) }),
});

/** RFC 9728 §5.1: a call without a token says where to sign in; by the URL that clients have. */
export const resourceChallenge: Check = {
  id: 'resource-challenge',
  title: 'A call to the resource URL without a token is told where to sign in',
  needs: ['resource-metadata'],
  applies: ({ route }) => route.authenticator.issuers.length > 0,
  async run({ http, route }) {
    const url = route.resourceUrl;
    let answer: Response;
    try {
      answer = await http.send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: '{"jsonrpc":"2.0","id":0,"method":"ping"}',
        timeoutMs,
      });
    } catch (error) {
      return unknown(`${url}: ${describe(error)}`);
    }
    const challenge = answer.headers.get('www-authenticate') ?? '';
    const seen = `POST ${url}: status ${answer.status}${challenge === '' ? ' without a challenge' : `, ${challenge}`}`;
    if (answer.status === 401 && challenge.includes(`resource_metadata="${route.resourceMetadataUrl}"`))
      return pass(seen);
    const refusal = refusalSchema.safeParse(await answer.json().catch(() => undefined));
    const code = refusal.data?.error.data.code;
    if (isCode(code) && code !== 'token_missing') {
      const { pathname, host } = new URL(url);
      return failByFacts(
        { code, details: { path: pathname, host, mounted: route.path, allowed: 'see --allowed-hosts' } },
        seen,
      );
    }
    return failed(seen, {
      cause: 'resource-mismatch',
      fix: 'Something else answers at the resource URL. Set --resource-url to the URL at which clients reach this gateway, path included.',
    });
  },
};

function isCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorTable, code);
}
