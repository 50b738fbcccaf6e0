import type { SimpleOption } from './simple-options.ts';

const group = 'Identity provider';

/** Whom `usher idp` can be. */
export const idpFlavours = ['okta', 'keycloak', 'entra', 'auth0'] as const;

/** Options of `usher idp`; `usher idp rotate-keys` takes two of them. */
export const idpOptions = {
  flavour: {
    flags: '--flavour <NAME>',
    help: 'Whom to imitate: okta, keycloak, entra or auth0',
    group,
    byDefault: 'okta',
    env: 'USHER_IDP_FLAVOUR',
  },
  seed: {
    flags: '--seed <FILE>',
    help: 'YAML file with servers, apps, users and policies; the countries scenario when not given',
    group,
    env: 'USHER_IDP_SEED',
  },
  host: {
    flags: '--host <ADDRESS>',
    help: 'Loopback address to listen on',
    group,
    byDefault: '127.0.0.1',
    env: 'USHER_IDP_HOST',
  },
  httpPort: {
    flags: '--http-port <PORT>',
    help: 'Port of the plain-http side; 0 takes a free one',
    group,
    byDefault: '9080',
    env: 'USHER_IDP_HTTP_PORT',
  },
  httpsPort: {
    flags: '--https-port <PORT>',
    help: 'Port of the TLS side; 0 takes a free one',
    group,
    byDefault: '9443',
    env: 'USHER_IDP_HTTPS_PORT',
  },
  stateDir: {
    flags: '--state-dir <FOLDER>',
    help: 'Folder for signing keys and certificates; kept over restarts',
    group,
    byDefault: '.usher/idp',
    env: 'USHER_IDP_STATE_DIR',
  },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Configuration' },
} as const satisfies Record<string, SimpleOption>;
