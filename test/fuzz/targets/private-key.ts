import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { parsePrivateKey } from '../../../src/lib/read-private-key.ts';
import type { Target } from '../target.ts';

/** What may be said about a file: our own words, and nothing that stands in it. */
const saidOfIt =
  /^is (?:no private key; (?:expected PEM text with BEGIN PRIVATE KEY, or a JWK|it begins like a JWK, but is no JSON|expected a JWK)|a (?:set of keys|public key|JWK that cannot be used|JWK whose alg does not fit it|key of a kind nobody signs assertions with); [\w ,]+|an RSA key of a form that protects nothing; make a new one|a key whose two halves do not belong together|encrypted; [a-z ]+|an RSA key of \d+ bits; expected 2048 at least|too large [\w ;?]+)$/;

/** A key that signs what its public half verifies, or a sentence that quotes nothing of the file. */
export const target: Target = {
  // Made for this file; nobody uses them.
  seeds: [
    '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyBED/R8tZI6nn+xd\nTZpS6q74wfzDsOmogtWZVDeptZihRANCAAQJa3Fehnh3mkctsCsWX6o6QhRuwGbY\nJIy3/7RDFgJQQGdhd9Mk6/SF9Akx/10wlqEEzVDFyk7+Y4nR1IfxC7R6\n-----END PRIVATE KEY-----\n',
    '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIMgRA/0fLWSOp5/sXU2aUuqu+MH8w7DpqILVmVQ3qbWYoAoGCCqGSM49\nAwEHoUQDQgAECWtxXoZ4d5pHLbArFl+qOkIUbsBm2CSMt/+0QxYCUEBnYXfTJOv0\nhfQJMf9dMJahBM1QxcpO/mOJ0dSH8Qu0eg==\n-----END EC PRIVATE KEY-----\n',
    '{"kty":"EC","x":"CWtxXoZ4d5pHLbArFl-qOkIUbsBm2CSMt_-0QxYCUEA","y":"Z2F30yTr9IX0CTH_XTCWoQTNUMXKTv5jidHUh_ELtHo","crv":"P-256","d":"yBED_R8tZI6nn-xdTZpS6q74wfzDsOmogtWZVDeptZg","kid":"a","alg":"ES256"}',
    '{"crv":"Ed25519","d":"4tAB5yqS-QDMRjrh9k4dlnTeeVLo6D9ql90GBqAfHBU","x":"pz193P4MHJaTR4zEzJ4WAC-t_O4sCLTgp-ID5yFia9U","kty":"OKP"}',
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIOLQAecqkvkAzEY64fZOHZZ03nlS6Og/apfdBgagHxwV\n-----END PRIVATE KEY-----\n',
    '{"kty":"oct","k":"AAAA","d":"x"}',
    '{"keys":[]}',
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
  ],
  async fuzz(bytes) {
    const parsed = parsePrivateKey(bytes.toString('latin1'));
    if ('problem' in parsed) {
      assert.match(parsed.problem, saidOfIt);
      return;
    }
    const { key, alg } = parsed.signingKey;
    const token = await new SignJWT({ sub: 'a' }).setProtectedHeader({ alg }).sign(key);
    const { payload } = await jwtVerify(token, createPublicKey(key), { algorithms: [alg] });
    assert.equal(payload.sub, 'a');
  },
};
