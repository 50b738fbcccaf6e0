/** RFC 8693 §3: what the type of a token begins with. */
export const tokenTypePrefix = 'urn:ietf:params:oauth:token-type:';

/** RFC 8693 §2.1. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** RFC 7523 §2.1. */
export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** RFC 8628 §3.4. */
export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** RFC 8693 §3. */
export const accessTokenType = `${tokenTypePrefix}access_token`;
