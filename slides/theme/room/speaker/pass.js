// Whether the server still knows this browser as the speaker's: after a start with a new token, or
// after two days, it does not, and trying again does not help.

const AGAIN = 5000; // ms
const REFUSED = [401, 403];
export const EXPIRED = "This window’s pass is no longer valid. Open the address that the server printed at its start.";

// `address` is any that only the speaker may have. Gives a function to be told whether the
// connection is lost; `refused` is called with what to do.
export function watchPass(address, refused) {
  let timer = 0;
  const look = async () => {
    if (await isRefused(address)) refused(EXPIRED);
  };
  return (isLost) => {
    clearInterval(timer);
    if (!isLost) return;
    look();
    timer = setInterval(look, AGAIN);
  };
}

async function isRefused(address) {
  try {
    return REFUSED.includes((await fetch(address, { cache: "no-store" })).status);
  } catch {
    return false; // nobody answers
  }
}
