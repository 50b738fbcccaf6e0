/** A person with a browser, for tests of what starts with a sign-in. */
export { signIn, type SignInOptions } from '../../src/demo/scripted-browser.ts';
