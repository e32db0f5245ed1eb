// What --write-out tells about a transfer.

const ESCAPES = { n: "\n", r: "\r", t: "\t" };
const NAMES = {
  content_type: ({ contentType }) => contentType,
  errormsg: ({ error }) => error?.message ?? "",
  exitcode: ({ error }) => error?.status ?? 0,
  http_code: ({ status }) => `${status}`.padStart(3, "0"),
  http_version: ({ version }) => version,
  method: ({ method }) => method,
  num_headers: ({ headers }) => headers,
  num_redirects: ({ redirects }) => redirects,
  redirect_url: ({ redirectUrl }) => redirectUrl,
  remote_port: ({ port }) => port,
  response_code: ({ status }) => `${status}`.padStart(3, "0"),
  size_download: ({ received }) => received,
  size_header: ({ headerBytes }) => headerBytes,
  size_upload: ({ uploaded }) => uploaded,
  time_starttransfer: ({ started, firstByte }) => seconds(started, firstByte ?? started),
  time_total: ({ started, ended }) => seconds(started, ended),
  url: ({ url }) => url,
  url_effective: ({ effective }) => effective,
};

// What is known before anything is asked. Times are milliseconds.
export function emptyFacts(url) {
  return {
    url,
    effective: url,
    method: "GET",
    port: 0,
    status: 0,
    version: "0",
    contentType: "",
    headers: 0,
    headerBytes: 0,
    uploaded: 0,
    received: 0,
    expected: null, // bytes of the body
    redirects: 0,
    redirectUrl: "",
    error: null,
    started: performance.now(),
    firstByte: null,
    ended: null,
  };
}

// `complain` gets a sentence on each name that means nothing.
export function writeOut(format, facts, complain) {
  return format.replace(/%%|%\{(.*?)\}|\\([nrt])/gs, (all, name, escape) => {
    if (all === "%%") return "%";
    if (escape) return ESCAPES[escape];
    if (Object.hasOwn(NAMES, name)) return NAMES[name](facts);
    complain(`curl: unknown --write-out variable: '${name}'\n`);
    return "";
  });
}

function seconds(from, to) {
  return ((to - from) / 1000).toFixed(6);
}
