import { ClientSecretPost, TlsClientAuth, type ClientAuth } from 'oauth4webapi';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../model/log.ts';
import { fail } from '../../model/usher-error.ts';
import type { ClientAuthentication } from '../token-request.ts';
import { privateKeyJwt } from './private-key-jwt.ts';
import type { ClientSettings } from './schema.ts';
import { rotatingTlsClient } from './tls-client.ts';

export interface ClientAuthenticationDeps {
  readonly log: Log;
  readonly now: Clock;
  /** Of the mounted server. */
  readonly name: string;
  /** Certificate authorities to trust; Node's own list when absent. */
  readonly ca?: readonly string[] | undefined;
}

/** The client of these settings.
 * @throws UsherError config_invalid when something is missing or a file cannot be used
 */
export function buildClientAuthentication(
  settings: ClientSettings,
  deps: ClientAuthenticationDeps,
): ClientAuthentication {
  const { clientId, clientAuthentication, clientSecret, clientKeyFile, clientCertFile } = settings;
  switch (clientAuthentication) {
    case 'client_secret_basic':
      return withSecret(settings, clientSecretBasic(needed(clientSecret, 'clientSecret', settings).reveal()));
    case 'client_secret_post':
      return withSecret(settings, ClientSecretPost(needed(clientSecret, 'clientSecret', settings).reveal()));
    case 'private_key_jwt': {
      const authenticate = privateKeyJwt(
        {
          clientId,
          keyFile: needed(clientKeyFile, 'clientKeyFile', settings),
          keyId: settings.clientKeyId,
          algorithm: settings.clientKeyAlgorithm,
          certFile: clientCertFile,
          audience: settings.clientAssertionAudience,
        },
        deps,
      );
      return { clientId, authenticate, secrets: [] };
    }
    case 'tls_client_auth': {
      const client = rotatingTlsClient(
        {
          certFile: needed(clientCertFile, 'clientCertFile', settings),
          keyFile: needed(clientKeyFile, 'clientKeyFile', settings),
          ca: deps.ca,
        },
        deps,
      );
      const identify = TlsClientAuth();
      const authenticate: ClientAuth = async (...request) => {
        await client.refresh();
        await identify(...request);
      };
      return { clientId, authenticate, secrets: [], http: () => client.value };
    }
  }
}

function needed<T>(value: T | undefined, field: string, { clientAuthentication }: ClientSettings): T {
  if (value !== undefined) return value;
  throw fail('config_invalid', { report: `${field} is missing: ${clientAuthentication} needs it` });
}

function withSecret({ clientId, clientSecret }: ClientSettings, authenticate: ClientAuth): ClientAuthentication {
  const secret = clientSecret?.reveal() ?? '';
  return { clientId, authenticate, secrets: [basicCredentials(clientId, secret), secret, formEncoded(secret)] };
}

/** RFC 6749 §2.3.1: both halves form-encoded, then Basic. */
export function clientSecretBasic(secret: string): ClientAuth {
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
