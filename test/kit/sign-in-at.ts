import { signIn, type SignInOptions } from './scripted-browser.ts';

/** Does with an address to sign in at what a person with a browser does, to the page they see at the end. */
export async function signInAt(url: string, options: Partial<SignInOptions> = {}): Promise<Response> {
  const end = await signIn(url, { username: 'alice@example.com', password: 'alice', ...options });
  return fetch(end);
}

/** The address to sign in at, in what a gateway says. */
export function findSignInUrl(text: string): string {
  const found = /^ {2}(http\S+)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error(`there is no address to sign in at in ${text}`);
  return found;
}
