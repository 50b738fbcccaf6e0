import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose/jwt/sign';
import type { ClientAuth } from 'oauth4webapi';
import type { Clock } from '../../lib/clock.ts';
import { readAssertionKey, type AssertionKey } from '../../lib/read-private-key.ts';
import type { Log } from '../../model/log.ts';
import { RotatingFiles } from './rotating-files.ts';

/** RFC 7523 §3: short, so that an assertion somebody finds is over. */
const assertionLifeSeconds = 60;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface PrivateKeyJwtSettings {
  readonly clientId: string;
  readonly keyFile: string;
  readonly keyId: string | undefined;
  readonly algorithm: string | undefined;
  /** Its thumbprint goes into the header, by which Entra finds the key. */
  readonly certFile: string | undefined;
  /** `aud` of the assertion; the endpoint that is asked when undefined. */
  readonly audience: string | undefined;
}

/** RFC 7523 §2.2: a signed assertion for each request. The key is looked for anew, so that it can be rotated. */
export function privateKeyJwt(
  settings: PrivateKeyJwtSettings,
  { log, now, name }: { readonly log: Log; readonly now: Clock; readonly name: string },
): ClientAuth {
  const { clientId, keyFile, certFile, keyId, audience } = settings;
  const files = new RotatingFiles<AssertionKey>({
    paths: certFile === undefined ? [keyFile] : [keyFile, certFile],
    what: "the client's key",
    read: () => readAssertionKey(settings),
    log,
    name,
  });
  return async (server, _client, body) => {
    const { key, kid, alg, thumbprint } = await files.refresh();
    const id = keyId ?? kid;
    const issuedAt = Math.floor(now() / 1000);
    const assertion = await new SignJWT()
      .setProtectedHeader({
        alg,
        typ: 'JWT',
        ...(id === undefined ? {} : { kid: id }),
        ...(thumbprint === undefined ? {} : { 'x5t#S256': thumbprint }),
      })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience ?? server.introspection_endpoint ?? server.token_endpoint ?? server.issuer)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + assertionLifeSeconds)
      .sign(key);
    body.set('client_id', clientId);
    body.set('client_assertion_type', assertionType);
    body.set('client_assertion', assertion);
  };
}
