import { ClientSecretPost, type ClientAuth } from 'oauth4webapi';
import type { Secret } from '../model/secret.ts';
import type { ClientAuthentication } from './token-request.ts';

/** Settings every credential has that asks a token endpoint. */
export interface ClientSettings {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post';
}

/** The client of these settings. */
export function buildClientAuthentication({
  clientId,
  clientSecret,
  clientAuthentication,
}: ClientSettings): ClientAuthentication {
  const secret = clientSecret.reveal();
  return {
    clientId,
    authenticate: clientAuthentication === 'client_secret_post' ? ClientSecretPost(secret) : clientSecretBasic(secret),
    secrets: [basicCredentials(clientId, secret), secret, formEncoded(secret)],
  };
}

/** RFC 6749 §2.3.1: both halves form-encoded, then Basic. */
function clientSecretBasic(secret: string): ClientAuth {
  return (_server, { client_id: clientId }, _body, headers) => {
    headers.set('authorization', `Basic ${basicCredentials(clientId, secret)}`);
  };
}

function basicCredentials(clientId: string, secret: string): string {
  return Buffer.from(`${formEncoded(clientId)}:${formEncoded(secret)}`).toString('base64');
}

/** Encoded as the WHATWG form serialiser does it, which leaves `-`, `.` and `_` alone: the secrets providers make are then
 * the same for a provider that forgets to decode.
 */
function formEncoded(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}
