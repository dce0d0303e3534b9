/**
 * What old phoenix.js clients look for in a browser and Node lacks: `window`, and an XMLHttpRequest. A test double with no
 * more than those clients use, on `fetch`. Import it before them.
 */
class FetchRequest {
  readyState = 0;
  responseText = '';
  timeout = 0;
  onerror: (() => void) | null = null;
  ontimeout: (() => void) | null = null;
  onreadystatechange: (() => void) | null = null;
  readonly #abort = new AbortController();
  readonly #headers: Record<string, string> = {};
  #method = 'GET';
  #url = '';

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  send(body?: string | null): void {
    const limit = this.timeout > 0 ? [AbortSignal.timeout(this.timeout)] : [];
    const signal = AbortSignal.any([this.#abort.signal, ...limit]);
    const options = { method: this.#method, headers: this.#headers, signal, ...(body === undefined ? {} : { body }) };
    fetch(this.#url, options)
      .then((response) => response.text())
      .then(
        (text) => this.#done(text),
        (error: Error) => this.#failed(error),
      );
  }

  abort(): void {
    this.#abort.abort();
  }

  #done(text: string): void {
    this.responseText = text;
    this.readyState = 4;
    this.onreadystatechange?.();
  }

  #failed(error: Error): void {
    if (this.#abort.signal.aborted) return;
    if (error.name === 'TimeoutError') this.ontimeout?.();
    else this.onerror?.();
  }
}

Object.assign(globalThis, { window: globalThis, XMLHttpRequest: FetchRequest });

/** A `sessionStorage` that ends with the test. */
export function memoryStorage(): Pick<Storage, 'getItem' | 'setItem'> {
  const items = new Map<string, string>();
  return { getItem: (name) => items.get(name) ?? null, setItem: (name, value) => void items.set(name, value) };
}
