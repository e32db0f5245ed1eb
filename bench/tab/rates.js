// Messages a second over a websocket of the window `view`: one answered before the next is sent, and
// as many as the server can send.
export async function rates(count, view, address) {
  const timed = async (act) => {
    const begun = performance.now();
    await act();
    return performance.now() - begun;
  };
  const socket = new view.WebSocket(address);
  await new Promise((resolve) => (socket.onopen = resolve));
  const answers = (wanted, each) => new Promise((resolve) => {
    let got = 0;
    socket.onmessage = () => (++got === wanted ? resolve() : each?.());
  });
  const pingPong = await timed(() => {
    const all = answers(count, () => socket.send("ping"));
    socket.send("ping");
    return all;
  });
  const oneWay = await timed(() => {
    const all = answers(count);
    socket.send(`send ${count}`);
    return all;
  });
  socket.close();
  return { pingPong: (1000 * count) / pingPong, oneWay: (1000 * count) / oneWay };
}
