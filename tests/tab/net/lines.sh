# Lines for curl and the page's shell alike: test_net.py puts an address for U, a port for PORT.
curl U/echo
curl -i U/echo
curl -v U/echo?x=1#there
curl -sv U/echo
curl -I U/echo
curl -I -X GET U/echo
curl -iv U/status/404
curl -X DELETE U/echo
curl -XPUT -da=1 U/echo
curl -v U/echo -d a=1 -d 'b=2 3'
curl -d '' U/echo
curl -d '' -d a U/echo
curl -d 'ü€' U/echo
curl --data-raw @x U/echo
curl --data-urlencode 'a b&é' --data-urlencode '=x=y z' --data-urlencode "n=v w~-._*()!'" U/echo
curl -G -d a=1 --data-urlencode 'q=x y' 'U/echo?z=1#there'
curl -G U/echo; curl -G -d '' U/echo; curl -G -d a -I U/echo
curl -G -d 'a b' U/echo
curl -v --json '{"a":1}' --json 2 U/echo
curl --json 1 -H 'Content-Type: a/b' -H 'X: 1' U/echo
curl -d 1 --json 2 U/echo
curl -v -H Accept: -H 'X-Empty;' -H 'X-Two: 1' -H 'x-two:   2  ' -H 'User-Agent;' -H 'Host: b' U/echo
curl -v -H nocolon -H '' -H 'X;y' -H 'X: ü€' U/echo
curl -d x -H Content-Type: U/echo
curl -v -A me -e http://ref -u user:pa:ss -b 'a=1; b=2' U/echo
curl -A '' -b a=1 -b b=2 U/echo
curl -H 'Cookie: a=1' -H 'Authorization: b' -L 'U/redirect/302?to=http://127.0.0.1:PORT/echo'
curl -v -u u:p -b k=v -L 'U/redirect/302?to=http://127.0.0.1:PORT/echo'
curl http://u:p%40@localhost:PORT/echo
curl HTTP://LOCALHOST:PORT/echo
curl 'localhost:PORT/echo/../echo/./a/..?<a>"é/../'
curl 'localhost:PORT/../echo/.'; curl localhost:PORT?x=1
curl -iL 'U/redirect/302?to=/echo'
curl -i 'U/redirect/302?to=/echo'
curl -L 'U/redirect/301?to=echo/x'; curl -L 'U/redirect/301?to=?to=/echo'; curl -L 'U/redirect/301?to='
curl -vL -d x=1 'U/redirect/302?to=/echo'
curl -vL -d x=1 'U/redirect/303?to=/echo'
curl -vL -d x=1 'U/redirect/307?to=/echo'
curl -vL -X POST -d x=1 'U/redirect/302?to=/echo'
curl -L -X PUT -d x=1 'U/redirect/303?to=/echo'
curl -IL 'U/redirect/302?to=/status/404'
curl -L --max-redirs 2 'U/redirect/302?to=/redirect/301?to=/redirect/301?to=/redirect/301?to=/echo'
curl -L 'U/redirect/302?to=//nowhere.invalid/'
curl -f U/status/404; curl -if U/status/500; curl -sf U/status/404; curl -sSf U/status/404
curl -f -L 'U/redirect/302?to=/status/404'
curl -i U/status/204; curl -v U/status/304
curl -sN U/stream/whole
curl -i U/stream/whole
curl U/stream/cut
curl -m 0.5 U/stream/forever; curl -sS -m 0.5 U/hang; curl -s -m 0.5 U/hang
curl 'U/raw?bytes='
curl 'U/raw?bytes=SSH-2.0%0d%0a'
curl 'U/raw?bytes=HTTP/1.1%20200%20OK%0d%0aContent-Length:9%0d%0a%0d%0ahi'
curl 'U/raw?bytes=HTTP/1.1%20200%20OK%0d%0aTransfer-Encoding:chunked%0d%0a%0d%0a2%0d%0ahi%0d%0axyz%0d%0a'
curl -i 'U/raw?bytes=HTTP/1.1%20103%20Hints%0d%0aA:b%0d%0a%0d%0aHTTP/1.1%20200%20OK%0d%0aC:%20%20d%20%0d%0a%0d%0ahi'
curl -i 'U/raw?bytes=HTTP/1.1%20200%20OK%0d%0aTransfer-Encoding:chunked%0d%0a%0d%0a0%0d%0aT:%201%0d%0a%0d%0a'
curl -b x=1 U/cookies/some
curl -c jar U/cookies/some U/cookies/some; curl -b jar U/cookies/some; curl -b jar -b x=1 -b y=2 U/cookies
curl -c - U/cookies/some
curl -b nojar U/cookies/some U/cookies/some
curl -L -b '' U/cookies/some U/cookies
curl -i U/status/200 U/status/404; curl -o /dev/null U/status/200 U/status/404; curl -o - U/status/200
curl -so /dev/null -w '%{http_code} %{size_download}\n' U/status/404
curl -so /dev/null -w '%{size_header} %{size_upload} %{num_redirects} %{redirect_url} %{content_type} %{url} %{url_effective} %{method} %{http_version} %{exitcode} %{num_headers} %{errormsg} %{nonsense} %% \t\x %{' 'U/redirect/302?to=/echo'
curl -Lso /dev/null -w '%{num_redirects} %{redirect_url} %{url} %{url_effective} %{method} %{size_header}' -d x 'U/redirect/302?to=/echo'
curl -w '%{http_code} %{errormsg} %{exitcode}\n' localhost:1
curl localhost:1 U/status/200; curl U/status/200 localhost:1
curl -sS localhost:1; curl -s localhost:1 && echo never
curl http://nowhere.invalid/
curl http://localhost:99999/; curl http://localhost:abc/; curl http://; curl 'http://local host/'
curl foo://localhost
curl --nonsense U; curl -é U; curl -s_; curl; curl -s; curl -sd; curl -m abc U; curl -sm.x U; curl --max-time
curl -I -d x U/echo
curl -kgN --compressed --connect-timeout 5 -sS --url U/status/200
curl -- U/status/200
curl U/status/200; echo "a  b"   c'd e' f\ g \
  h; echo -n "\"x\"" '\'
echo hello | curl -s -m 0.5 telnet://localhost:PORT
curl -s U/nowhere | python -m json.tool; echo '{"a":[1,{},[],"é\u00e9\/"],"b":-1.5}' | python -m json.tool
