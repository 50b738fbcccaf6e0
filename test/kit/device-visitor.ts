import { CookieJar } from '../../src/demo/cookie-jar.ts';
import { findForm } from '../../src/demo/find-form.ts';

export interface DevicePerson {
  readonly userCode: string;
  readonly username: string;
  readonly password: string;
  /** To the question whether the device shows that code; yes when absent. */
  readonly says?: 'no';
}

/** A person with a browser who types in the code that another device shows, at `usher idp` or at a real Keycloak. */
export class DeviceVisitor {
  readonly #jar = new CookieJar();
  /** Of the pages that were shown. */
  readonly titles: string[] = [];

  /** Goes on until a page wants nothing any more, and returns that page. */
  async signIn(url: string, person: DevicePerson): Promise<string> {
    let page = await this.#open(url);
    for (let step = 0; step < 10; step++) {
      const form = findForm(page);
      if (form === undefined || (step > 0 && this.titles.at(-1)?.startsWith('Error'))) return page;
      page = await this.#open(new URL(form.action, url).href, fill(form.fields, person));
    }
    throw new Error('the pages come to no end');
  }

  /** Types in a code and returns the page that comes. */
  async enter(url: string, userCode: string): Promise<string> {
    const form = findForm(await this.#open(url));
    const filled = new URLSearchParams([...(form?.fields ?? [])]);
    filled.set('user_code', userCode);
    return await this.#open(new URL(form?.action ?? url, url).href, filled);
  }

  /** Goes to an address, and returns the page that comes. */
  open(url: string): Promise<string> {
    return this.#open(url);
  }

  /** Sends a form that no page showed, as a page of somebody else's would. */
  post(url: string, fields: Readonly<Record<string, string>>): Promise<string> {
    return this.#open(url, new URLSearchParams(fields));
  }

  async #open(start: string, form?: URLSearchParams): Promise<string> {
    let url = new URL(start);
    let body = form;
    for (let step = 0; step < 10; step++) {
      const cookie = this.#jar.header(url);
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { accept: 'text/html', ...(cookie === undefined ? {} : { cookie }) },
        ...(body === undefined ? {} : { method: 'POST', body }),
      });
      this.#jar.keep(url, response.headers.getSetCookie());
      const location = response.headers.get('location');
      if (location === null) {
        const page = await response.text();
        this.titles.push(/<title>([^<]*?)(?: · [^<]*)?<\/title>/.exec(page)?.[1]?.split(' – ')[0] ?? '');
        return page;
      }
      body = undefined;
      url = new URL(location, url);
    }
    throw new Error('the redirects come to no end');
  }
}

function fill(
  fields: ReadonlyMap<string, string>,
  { userCode, username, password, says }: DevicePerson,
): URLSearchParams {
  const filled = new URLSearchParams([...fields]);
  if (fields.has('password')) {
    filled.set('username', username);
    filled.set('password', password);
  } else if (fields.has('abort')) {
    filled.delete(says === 'no' ? 'confirm' : 'abort');
  } else if (fields.has('cancel')) {
    // Both buttons of Keycloak's have a name; only one is pressed.
    filled.delete(says === 'no' ? 'accept' : 'cancel');
  } else if (fields.has('device_user_code')) {
    filled.set('device_user_code', userCode);
  } else if (fields.has('user_code')) {
    filled.set('user_code', userCode);
  } else if (fields.has('decision')) {
    filled.set('decision', 'allow');
  }
  return filled;
}
