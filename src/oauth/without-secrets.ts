export { withoutTokens as withoutSecrets } from '../lib/without-tokens.ts';
