import { z } from 'zod';

/** What a request says by settings of their own, or what would change what it asks for. */
const reservedParameters = new Set(
  (
    'grant_type client_id client_secret client_assertion client_assertion_type subject_token subject_token_type actor_token ' +
    'actor_token_type requested_token_type requested_token_use assertion audience resource scope code refresh_token username password'
  ).split(' '),
);

/** Further parameters of a token request, by name. */
export function customParameters() {
  return z.record(
    z
      .string()
      .regex(/^[A-Za-z][\w.:-]{0,99}$/, 'the name of a parameter')
      .refine((name) => !reservedParameters.has(name), 'a parameter that has no setting of its own'),
    z.string().max(2048),
  );
}
