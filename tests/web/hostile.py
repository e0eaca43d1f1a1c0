"""A captured page that tries everything to run, to ask somebody for something, or to lead a reader away."""

FOREIGN = "http://127.0.0.1:9"
"""Where nobody listens: a browser that asks there is seen to ask."""
PAGE = f"""<!doctype html><html lang=kk manifest={FOREIGN}/m><head><meta charset=windows-1251>
<base href="{FOREIGN}/"><title>Ән</title>
<meta http-equiv=refresh content="0; url={FOREIGN}/refresh">
<meta http-equiv=Link content="<{FOREIGN}/l>; rel=preload">
<link rel=preconnect href={FOREIGN}><link rel=dns-prefetch href=//dns.example><link rel=prefetch href={FOREIGN}/p>
<link rel=stylesheet href={FOREIGN}/s.css><link rel=icon href={FOREIGN}/i.ico><link rel=modulepreload href={FOREIGN}/m.js>
<style>@import "{FOREIGN}/i.css"; @font-face {{ font-family: x; src: url({FOREIGN}/f.woff2) }}
p {{ background: url('{FOREIGN}/b.png'); color: rgb(1, 2, 3); font-family: x }} h1 {{ background: u\\72l({FOREIGN}/e.png) }}
div {{ background-image: image-set("{FOREIGN}/is.png" 1x) }} </style><!-- </style><script>x()</script> -->
<script src={FOREIGN}/s.js></script><script>document.title = 'ran'; fetch('{FOREIGN}/fetch')</script></head>
<body background={FOREIGN}/bg.png onload="document.title = 'ran'"><h1>Ән</h1><p style="background:url({FOREIGN}/st.png)">мәтін</p><div>d</div>
<img src={FOREIGN}/a.png srcset="{FOREIGN}/b.png 2x" alt=сурет onerror="document.title='ran'"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<picture><source srcset={FOREIGN}/pic.webp></picture><video poster={FOREIGN}/po.png src={FOREIGN}/v.mp4 autoplay></video><audio src={FOREIGN}/a.mp3 autoplay></audio>
<svg onload="document.title='ran'"><image href="{FOREIGN}/svg.png"/><use href="{FOREIGN}/u.svg#x"/><style>@import '{FOREIGN}/sv.css';</style></svg>
<math><mi xlink:href="{FOREIGN}/math">m</mi></math>
<iframe src={FOREIGN}/frame></iframe><object data={FOREIGN}/o></object><embed src={FOREIGN}/e><iframe srcdoc="<script>1</script>"></iframe>
<form action={FOREIGN}/form method=post><input name=a value=b><input type=image src={FOREIGN}/ii.png><button formaction={FOREIGN}/fa>ok</button>форма</form>
<noscript><p title="</noscript><img src={FOREIGN}/ns.png>">n</p></noscript><xmp><img src={FOREIGN}/xmp.png></xmp><template><img src={FOREIGN}/t.png></template>
<textarea><img src={FOREIGN}/ta.png></textarea><style><!--</style><img src={FOREIGN}/m1.png>--></style>
<a href="{FOREIGN}/away" id=away target=_top ping={FOREIGN}/ping>кету</a> <a href="/2" id=near>жақын</a>
<a href="javascript:document.title='ran'" id=js>js</a><a href="#here" id=here>осында</a><x-own onclick=1>өз</x-own>
<table background={FOREIGN}/tb.png><tr><td>ұя</td></tr></table><p>соңы</p></body></html>"""
