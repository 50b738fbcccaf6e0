import { z } from 'zod';
import { clientKeysSchema } from './client-keys.ts';

/** What the façade seals, each kind for its own use. */
const flow = z.string().optional();
/** The client proves who it is by a key, and nobody goes on without (RFC 7523 §2.2). */
const isKeyed = z.boolean().optional();
const request = z.object({
  /** Names the sign-in in the audit trail, and the family of its refresh tokens. */
  flow,
  /** Digest of the client's id. */
  client: z.string(),
  isKeyed,
  redirectUri: z.string(),
  state: z.string().optional(),
  /** The client's own proof that it is the same one which redeems the code (RFC 7636). */
  challenge: z.string(),
  scopes: z.array(z.string()),
  prompt: z.string().optional(),
});

/** A registration: the client's id. */
export const clientValue = z.object({
  name: z.string(),
  redirectUris: z.array(z.string()),
  keys: clientKeysSchema.optional(),
});

/** What is asked on a consent page, and in which browser (digest of its cookie). */
export const consentValue = request.extend({
  id: z.string(),
  browser: z.string(),
  /** How the client is called in the audit trail. */
  app: z.object({ id: z.string(), name: z.string() }).optional(),
});

/** A sign-in that was agreed to and is under way, in a cookie of the browser in which it was. */
export const signInValue = request.extend({
  providerState: z.string(),
  /** Proves to the provider that the code is redeemed by whoever asked for it (RFC 7636). */
  verifier: z.string(),
});

/** A code: the provider's, with what must fit when it is redeemed. No token is got before that. */
export const codeValue = z.object({
  flow,
  id: z.string(),
  client: z.string(),
  isKeyed,
  redirectUri: z.string(),
  challenge: z.string(),
  providerCode: z.string(),
  verifier: z.string(),
});

/** A refresh token: the provider's, for one client; and whose, for the audit trail. */
export const refreshValue = z.object({
  flow,
  id: z.string(),
  client: z.string(),
  isKeyed,
  token: z.string(),
  who: z
    .object({
      iss: z.string().optional(),
      sub: z.string().optional(),
      client: z.string().optional(),
      name: z.string().optional(),
    })
    .optional(),
});

/** What a client wants, as it is sealed into the consent page and comes back with the person's word. */
export type AuthorizationRequest = z.output<typeof request>;
