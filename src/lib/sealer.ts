import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const version = 1;
const saltBytes = 16;
const ivBytes = 12;
const tagBytes = 16;
const headBytes = 1 + saltBytes + ivBytes + tagBytes;

/** Makes what is kept elsewhere unreadable, and changes to it noticeable: AES-256-GCM, each value under a key of its own
 * (a random salt through HMAC), so that no number of values wears the main key out (NIST SP 800-38D §8.3). A value is bound
 * to its name: under another one it cannot be opened. Names say nothing either.
 */
export class Sealer {
  readonly #nameKey: Buffer;
  readonly #valueKey: Buffer;
  readonly #secretKey: Buffer;

  constructor(secret: string) {
    const derive = (use: string) => Buffer.from(hkdfSync('sha256', secret, 'usher shared state', use, 32));
    this.#nameKey = derive('names');
    this.#valueKey = derive('values');
    this.#secretKey = derive('secrets');
  }

  /** The name something is kept under: always the same, and nothing can be told from it. */
  nameOf(key: string): string {
    return createHmac('sha256', this.#nameKey).update(key).digest('base64url');
  }

  /** Another secret, for this use alone: whoever has the same main one has it, too. */
  secretFor(use: string): Buffer {
    return createHmac('sha256', this.#secretKey).update(use).digest();
  }

  seal(name: string, value: string): string {
    const salt = randomBytes(saltBytes);
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf(salt), iv, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(name));
    const body = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(version), salt, iv, cipher.getAuthTag(), body]).toString('base64');
  }

  /** Undefined when it was not sealed under this name with this secret, or was changed since. */
  open(name: string, text: string): string | undefined {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length < headBytes || bytes[0] !== version) return undefined;
    const salt = bytes.subarray(1, 1 + saltBytes);
    const iv = bytes.subarray(1 + saltBytes, 1 + saltBytes + ivBytes);
    const decipher = createDecipheriv('aes-256-gcm', this.#keyOf(salt), iv, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(headBytes - tagBytes, headBytes));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  #keyOf(salt: Buffer): Buffer {
    return createHmac('sha256', this.#valueKey).update(salt).digest();
  }
}
