export interface BannerFacts {
  url: string;
  dataDir: string;
  database: string;
  /** A development token. */
  token?: string;
}

/** What is shown when everything runs. The token has a line of its own, ready to be copied. */
export function banner({ url, dataDir, database, token }: BannerFacts): string {
  const lines = ['', '  Armoricore is ready', '', `  URL       ${url}`, `  Queues    ${url}/admin/queues`, `  Data      ${dataDir}`, `  Database  ${database}`, ''];
  if (token !== undefined) lines.push('  Token for development (user "demo", role "user", 12 hours):', '', token, '');
  return `${lines.join('\n')}\n`;
}
