"""A filter that maps plain access keys to ACCOUNT:USER, the form that tempauth wants.

The signature covers neither the id of a key nor the header it stands in, so it stays valid.
"""


def filter_factory(_global_conf, **conf):
    names = dict(pair.split("=", 1) for pair in conf.get("map", "").split())

    def make(app):
        def answer(environment, start_response):
            header = environment.get("HTTP_AUTHORIZATION", "")
            for plain, name in names.items():
                header = header.replace(f"Credential={plain}/", f"Credential={name}/", 1)
                header = header.replace(f"AWS {plain}:", f"AWS {name}:", 1)
            if header:
                environment["HTTP_AUTHORIZATION"] = header
            return app(environment, start_response)
        return answer
    return make
