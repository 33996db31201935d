# >>> bootsman jupyter >>>
c.ServerApp.ip = '0.0.0.0'
c.ServerApp.port = 8888
c.ServerApp.open_browser = False
c.ServerApp.root_dir = '/root'
c.ServerApp.base_url = '/jupyter/'
c.ServerApp.allow_origin = '*'
c.ServerApp.allow_remote_access = True
c.ServerApp.tornado_settings = {
    'headers': {
        'Content-Security-Policy': "frame-ancestors * 'self' "
    }
}
c.MultiKernelManager.default_kernel_name = 'python3'
c.NotebookNotary.db_file = ':memory:'
c.ZMQChannelsWebsocketConnection.iopub_data_rate_limit = 1000000.0
c.ZMQChannelsWebsocketConnection.rate_limit_window = 3.0
try:
    with open('/var/lib/bootsman/jupyter-token') as token_file:
        token = token_file.read().strip()
    try:
        import jupyter_server.auth.identity
        c.IdentityProvider.token = token
    except ImportError:
        c.ServerApp.token = token
except OSError:
    pass
# <<< bootsman jupyter <<<
