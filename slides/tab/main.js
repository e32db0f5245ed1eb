// The runtime's front: what a page uses of it.

export { ConnectionRefused, ConnectionReset } from "./connection.js";
export { openGateway, placeOf } from "./gateway.js";
export { Host } from "./host.js";
export { dropSpare, keepSpare, runtime } from "./workers.js";
