/** How a gateway reaches the person who runs it, when they have to sign in. */
export interface LoginAid {
  /** Is there a browser on this machine, for all that can be told? */
  readonly hasBrowser: boolean;
  /** Opens a page in it; false when that did not work. Nothing secret is in the URL: others can see it being opened. */
  open(url: string): Promise<boolean>;
  /** Says something to them, in lines of their own. */
  tell(text: string): void;
}
